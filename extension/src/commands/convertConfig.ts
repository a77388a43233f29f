/** Convert a config to another language: open the new file, and offer to remove the old one. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { type Contribution, type Parts, projectOf, type Subject } from '../command';
import { inform, warn } from '../messages';
import { pickProject } from '../pickNamespace';
import * as prompts from '../prompts';
import type { ConvertConfigParameters, ConvertConfigResult } from '../protocol';

const { t } = vscode.l10n;

type Language = ConvertConfigParameters['to'];
const LANGUAGES: [Language, string][] = [
    ['jsonc', 'JSONC'],
    ['toml', 'TOML'],
    ['ts', 'cloudflare.config.ts'],
];
const MOST = 3; // that couldn't be converted are in the message; the log has all

export const contribution: Contribution = {
    title: 'Convert Config…',
    about: 'Write the config as TOML, as JSON with comments or as a cloudflare.config.ts, with its comments',
    menus: {
        commandPalette: [{ when: 'kvlens.view == ready || kvlens.view == noNamespaces' }],
        'view/item/context': [
            { when: 'view == kvlens.namespaces && viewItem == project', group: '1_project@2' },
        ],
    },
    needsTrust: false,
};

/** What a code action passes. */
interface Chosen {
    config: string;
    to: Language;
}

export async function run(parts: Parts, passed?: Subject | Chosen): Promise<void> {
    const chosen = passed && 'to' in passed ? (passed as Chosen) : undefined;
    const project = projectOf(chosen ? undefined : (passed as Subject | undefined));
    const config =
        chosen?.config ??
        (project ?? (await pickProject(parts.model, t('Convert Config')))).config;
    const old = vscode.Uri.parse(config);
    const to = chosen?.to ?? (await pickLanguage(path.posix.basename(old.path)));
    const { text, file, notices } = await parts.server.ask('kvlens.convertConfig', { config, to });
    const uri = vscode.Uri.parse(file);
    const [before, after] = [old, uri].map((one) => path.posix.basename(one.path));
    if (await exists(uri)) {
        throw new prompts.NothingThere(
            t('{0} exists, and it is kept. Rename or delete it, then convert {1}.', after, before),
        );
    }
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(uri, { overwrite: false, contents: Buffer.from(text) });
    if (!(await vscode.workspace.applyEdit(edit))) {
        throw new prompts.NothingThere(t("{0} couldn't be created.", after));
    }
    await vscode.window.showTextDocument(uri);
    for (const { line, message } of notices) {
        parts.server.log.warn(`${before}:${line}: ${message}`);
    }
    const remove = t('Move to Trash');
    const showLog = t('Show Log');
    const [said, ask] = notices.length
        ? [lost(before, after, notices), warn]
        : [t('Converted {0} to {1}.', before, after), inform];
    const question = t('Move {0} to the trash? wrangler reads only one of the two.', before);
    const answer = await ask(`${said} ${question}`, remove, ...(notices.length ? [showLog] : []));
    if (answer === showLog) {
        parts.server.log.show();
    } else if (answer === remove) {
        await moveToTrash(old, before);
    }
}

/** Ask for the language that a config is converted to; its own isn't offered. */
function pickLanguage(config: string): Promise<Language> {
    const own = config.endsWith('.json') ? '' : config.replace(/^.*\.(?:m?[jt]s$)?/, '') || 'ts';
    const choices = LANGUAGES.filter(([value]) => value !== own).map(([value, label]) => ({
        label,
        description: value === 'jsonc' ? t('JSON with comments') : '',
        value,
    }));
    return prompts.choose(choices, t('Convert {0}', config), t('To which language?'));
}

/** Move a file to the trash; where there is none, as on a remote machine, ask before it is deleted. */
async function moveToTrash(file: vscode.Uri, name: string): Promise<void> {
    try {
        await vscode.workspace.fs.delete(file, { useTrash: true });
    } catch {
        const question = t('There is no trash here. Delete {0} permanently?', name);
        await prompts.confirm(question, t('Its content is in the other file.'), t('Delete'));
        await vscode.workspace.fs.delete(file);
    }
}

/** Say what was converted, and what is only a comment in the new file: each reason once. */
function lost(before: string, after: string, notices: ConvertConfigResult['notices']): string {
    const lines = new Map<string, number[]>();
    for (const { line, message } of notices) {
        lines.set(message, [...(lines.get(message) ?? []), line]);
    }
    const reasons = [...lines].map(([message, at]) => t('{0} (line {1})', message, at.join(', ')));
    const shown = reasons.slice(0, MOST).join('; ');
    return reasons.length > MOST
        ? t('Converted {0} to {1}. Left as a comment: {2} (and {3} more in the log).', before, after, shown, reasons.length - MOST)
        : t('Converted {0} to {1}. Left as a comment: {2}.', before, after, shown);
}

async function exists(uri: vscode.Uri): Promise<boolean> {
    return vscode.workspace.fs.stat(uri).then(
        () => true,
        () => false,
    );
}
