/** Find a Python that can run the bundled server, never one from a workspace. */

import { type ExecFileException, execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';
import * as vscode from 'vscode';

const { t } = vscode.l10n;

/** A usable interpreter. */
export interface Python {
    path: string;
    version: string;
}

/** No usable Python was found. The text says why each candidate wasn't. */
export class NoPython extends Error {
    constructor(oldest: string, newest: string, tried: string[]) {
        super(t('KV Lens needs Python {0} to {1}. {2}', oldest, newest, tried.join(' ')));
    }
}

interface Where {
    /** The setting kvlens.interpreter; empty when unset. */
    setting: string;
    /** The folder of the bundled server. */
    bundled: string;
    /** Folders whose content must not be executed. */
    workspace: string[];
}

const WINDOWS = process.platform === 'win32';
const TIMEOUT = 15_000; // ms; a first start can be slow under a virus scanner
const MISSING = 'ENOENT';
const NAMES = ['python3', 'python', ...[14, 13, 12, 11, 10].map((m) => `python3.${m}`), 'py'];
const USUAL_FOLDERS = ['/usr/local/bin', '/opt/homebrew/bin', '/usr/bin'];

// Prints the version first, so it is known even if the compiled parts can't be loaded.
const PROBE =
    'import sys; print("%d.%d.%d|%s" % (sys.version_info[:3] + (sys.executable,))); ' +
    'sys.stdout.flush(); sys.path.insert(0, sys.argv[1]); import httptools';

/**
 * Return the first interpreter that runs the server: the setting's, else the first on PATH.
 *
 * @throws NoPython if none does
 */
export async function findPython(where: Where): Promise<Python> {
    const versions = supportedVersions(where.bundled);
    const tried: string[] = [];
    const candidates = where.setting ? [expandHome(where.setting)] : onPath(where.workspace);
    for (const candidate of candidates) {
        const answer = await probe(candidate, where.bundled);
        if (answer.error === undefined && versions.includes(minor(answer.version))) {
            return { path: answer.executable, version: answer.version };
        }
        const [bySetting, onItsOwn] = explain(candidate, answer, versions);
        tried.push(where.setting ? bySetting : onItsOwn);
    }
    if (!tried.length) {
        tried.push(t('There is none on PATH.'));
    }
    throw new NoPython(versions[0], versions[versions.length - 1], tried);
}

interface Answer {
    version: string;
    executable: string;
    error?: string;
}

function probe(candidate: string, bundled: string): Promise<Answer> {
    const options = { cwd: bundled, timeout: TIMEOUT, windowsHide: true };
    return new Promise((resolve) => {
        execFile(candidate, ['-I', '-c', PROBE, bundled], options, (error, stdout, stderr) => {
            const [version = '', executable = ''] = String(stdout).trim().split('|');
            const last = String(stderr).trim().split('\n').pop() ?? '';
            const failed = error ? last || reasonOf(error) : undefined;
            resolve({
                version,
                executable: path.isAbsolute(executable) ? executable : candidate,
                error: failed,
            });
        });
    });
}

function reasonOf(error: ExecFileException): string {
    if (error.code === undefined && error.killed) {
        return t('no answer in {0} s', TIMEOUT / 1000);
    }
    return String(error.code) === MISSING ? MISSING : error.message;
}

/** Say why a candidate can't be used, as the value of the setting and on its own. */
function explain(
    candidate: string,
    { version, error }: Answer,
    versions: string[],
): [bySetting: string, onItsOwn: string] {
    if (error === MISSING) {
        return [
            t('The setting kvlens.interpreter is {0}, which does not exist.', candidate),
            t('{0} does not exist.', candidate),
        ];
    }
    if (!version) {
        const why = error ?? t('no output');
        return [
            t("The setting kvlens.interpreter is {0}, which doesn't run ({1}).", candidate, why),
            t("{0} doesn't run ({1}).", candidate, why),
        ];
    }
    const names = [candidate, version];
    if (versions.includes(minor(version))) {
        const why = error ?? '';
        return [
            t(
                'The setting kvlens.interpreter is {0}, which is Python {1} ' +
                    "but can't load this extension's compiled parts ({2}).",
                ...names,
                why,
            ),
            t("{0} is Python {1} but can't load this extension's compiled parts ({2}).", ...names, why),
        ];
    }
    if (version.startsWith('2') || second(version) < second(versions[0])) {
        return [
            t('The setting kvlens.interpreter is {0}, which is Python {1}, too old.', ...names),
            t('{0} is Python {1}, too old.', ...names),
        ];
    }
    return [
        t('The setting kvlens.interpreter is {0}, which is Python {1}, not supported yet.', ...names),
        t('{0} is Python {1}, not supported yet.', ...names),
    ];
}

/** The second number of a version. */
function second(version: string): number {
    return Number(version.split('.')[1]);
}

function minor(version: string): string {
    return version.split('.').slice(0, 2).join('.');
}

/** The versions that the packaged extension has compiled parts for, oldest first. */
function supportedVersions(bundled: string): string[] {
    return JSON.parse(fs.readFileSync(path.join(bundled, 'pythons.json'), 'utf8')) as string[];
}

function expandHome(file: string): string {
    return file.startsWith('~') ? path.join(os.homedir(), file.slice(1)) : file;
}

/** Absolute paths of interpreters on PATH, in its order, outside the given folders. */
function onPath(excluded: string[]): string[] {
    const folders = (process.env.PATH ?? '').split(path.delimiter);
    const trusted = [...folders, ...(WINDOWS ? [] : USUAL_FOLDERS)].filter(
        (folder) => path.isAbsolute(folder) && !excluded.some((root) => isInside(folder, root)),
    );
    const seen = new Set<string>();
    const found: string[] = [];
    for (const name of NAMES) {
        for (const folder of trusted) {
            const file = path.join(folder, WINDOWS ? `${name}.exe` : name);
            const real = realFile(file);
            if (real && !seen.has(real) && !excluded.some((root) => isInside(real, root))) {
                seen.add(real);
                found.push(file);
            }
        }
    }
    return found;
}

function realFile(file: string): string | undefined {
    try {
        fs.accessSync(file, fs.constants.X_OK);
        // Without Apple's command line tools this is a stub that opens an installer.
        const stub = process.platform === 'darwin' && file === '/usr/bin/python3';
        if (stub && !fs.existsSync('/Library/Developer/CommandLineTools/usr/bin/python3')) {
            return undefined;
        }
        return fs.realpathSync(file);
    } catch {
        // a Microsoft Store alias can be run and listed, but not resolved
        return WINDOWS && fs.lstatSync(file, { throwIfNoEntry: false }) ? file : undefined;
    }
}

function isInside(file: string, folder: string): boolean {
    const relative = path.relative(folder, file);
    return !relative.startsWith('..') && !path.isAbsolute(relative);
}
