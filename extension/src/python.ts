/** Find a Python that can run the bundled server, never one from a workspace. */

import { type ExecFileException, execFile } from 'node:child_process';
import * as fs from 'node:fs';
import * as os from 'node:os';
import * as path from 'node:path';

/** A usable interpreter. */
export interface Python {
    path: string;
    version: string;
}

/** No usable Python was found; `tried` says why each candidate wasn't. */
export class NoPython extends Error {
    constructor(
        readonly supported: string,
        readonly tried: string[],
    ) {
        super(`KV Lens needs Python ${supported}. ${tried.join(' ')}`);
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
const MISSING = 'does not exist';
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
    const supported = `${versions[0]} to ${versions[versions.length - 1]}`;
    const tried: string[] = [];
    const candidates = where.setting ? [expandHome(where.setting)] : onPath(where.workspace);
    for (const candidate of candidates) {
        const answer = await probe(candidate, where.bundled);
        if (answer.error === undefined && versions.includes(minor(answer.version))) {
            return { path: answer.executable, version: answer.version };
        }
        const reason = explain(answer, versions);
        tried.push(
            where.setting
                ? `The setting kvlens.interpreter is ${candidate}, which ${reason}.`
                : `${candidate} ${reason}.`,
        );
    }
    if (!tried.length) {
        tried.push('There is none on PATH.');
    }
    throw new NoPython(supported, tried);
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
        return `no answer in ${TIMEOUT / 1000} s`;
    }
    return String(error.code) === 'ENOENT' ? MISSING : error.message;
}

function explain(answer: Answer, versions: string[]): string {
    if (!answer.version) {
        return answer.error === MISSING ? MISSING : `doesn't run (${answer.error ?? 'no output'})`;
    }
    const is = `is Python ${answer.version}`;
    if (versions.includes(minor(answer.version))) {
        return `${is} but can't load this extension's compiled parts (${answer.error ?? ''})`;
    }
    const old = Number(minor(answer.version).split('.')[1]) < Number(versions[0].split('.')[1]);
    return old || answer.version.startsWith('2') ? `${is}, too old` : `${is}, not supported yet`;
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
