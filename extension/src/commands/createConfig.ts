/** Create a first wrangler.jsonc; an existing one is opened unchanged. */

import * as vscode from 'vscode';
import type { Contribution } from '../command';

export const contribution: Contribution = {
    title: 'Create wrangler.jsonc',
    about: 'Create a config in a workspace that has none',
    menus: { commandPalette: [{ when: 'kvlens.view == noConfig' }] },
    needsTrust: false,
};

export async function run(): Promise<void> {
    const [folder] = vscode.workspace.workspaceFolders ?? [];
    if (!folder) {
        await vscode.commands.executeCommand('vscode.openFolder');
        return;
    }
    const uri = vscode.Uri.joinPath(folder.uri, 'wrangler.jsonc');
    const name = folder.name.toLowerCase().replace(/[^a-z0-9-]+/g, '-').replace(/^-+|-+$/g, '');
    const config = {
        name: name || 'my-worker',
        main: 'src/index.js',
        compatibility_date: new Date().toISOString().slice(0, 10),
        kv_namespaces: [{ binding: 'MY_KV' }],
    };
    const text = `${JSON.stringify(config, undefined, 2)}\n`;
    const edit = new vscode.WorkspaceEdit();
    edit.createFile(uri, { ignoreIfExists: true, contents: Buffer.from(text) });
    await vscode.workspace.applyEdit(edit);
    await vscode.window.showTextDocument(uri);
}
