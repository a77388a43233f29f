/** Install wrangler, which brings what runs a Worker, with the project's own package manager. */

import * as vscode from 'vscode';
import { fail } from './messages';

/** A lock file, and the command that adds a development dependency. */
const MANAGERS: [file: string, add: string][] = [
    ['pnpm-lock.yaml', 'pnpm add --save-dev'],
    ['yarn.lock', 'yarn add --dev'],
    ['bun.lock', 'bun add --dev'],
    ['bun.lockb', 'bun add --dev'],
    ['package-lock.json', 'npm install --save-dev'],
];

/** Offer to install it, and return whether that was done. */
export async function offerInstall(config: vscode.Uri): Promise<boolean> {
    const folder = vscode.Uri.joinPath(config, '..');
    const command = await installer(folder);
    const install = vscode.l10n.t('Install');
    const text = vscode.l10n.t(
        "wrangler, which brings what runs a Worker, isn't installed in this project. " +
            'Install it with "{0}"?',
        command,
    );
    return (await fail(text, install)) === install && runs(command, folder);
}

/** Return the command that installs wrangler: it may be a dependency already. */
async function installer(folder: vscode.Uri): Promise<string> {
    const add = (await managerOf(folder)) ?? 'npm install --save-dev';
    const text = await read(vscode.Uri.joinPath(folder, 'package.json'));
    return text?.includes('"wrangler"') ? `${add.split(' ')[0]} install` : `${add} wrangler`;
}

/** Return the command of the nearest lock file, up to the workspace's folder. */
async function managerOf(folder: vscode.Uri): Promise<string | undefined> {
    const top = vscode.workspace.getWorkspaceFolder(folder)?.uri.path ?? folder.path;
    for (let place = folder; ; place = vscode.Uri.joinPath(place, '..')) {
        for (const [file, add] of MANAGERS) {
            if (await exists(vscode.Uri.joinPath(place, file))) {
                return add;
            }
        }
        if (place.path.length <= top.length) {
            return undefined;
        }
    }
}

async function exists(uri: vscode.Uri): Promise<boolean> {
    return vscode.workspace.fs.stat(uri).then(
        () => true,
        () => false,
    );
}

async function read(uri: vscode.Uri): Promise<string | undefined> {
    return vscode.workspace.fs.readFile(uri).then(
        (bytes) => Buffer.from(bytes).toString(),
        () => undefined,
    );
}

/** Run a command in a terminal, and return whether it succeeded. */
async function runs(command: string, folder: vscode.Uri): Promise<boolean> {
    const scope = vscode.workspace.getWorkspaceFolder(folder) ?? vscode.TaskScope.Workspace;
    const shell = new vscode.ShellExecution(command, { cwd: folder.fsPath });
    const title = vscode.l10n.t('Install wrangler');
    const task = new vscode.Task({ type: 'shell' }, scope, title, 'KV Lens', shell);
    const started = await vscode.tasks.executeTask(task);
    return new Promise((resolve) => {
        const ended = vscode.tasks.onDidEndTaskProcess(({ execution, exitCode }) => {
            if (execution === started) {
                ended.dispose();
                resolve(exitCode === 0);
            }
        });
    });
}
