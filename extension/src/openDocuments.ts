/** The documents and tabs that are open in the window. */

import * as vscode from 'vscode';

/** Return the open document with an address. */
export function documentOf(uri: vscode.Uri): vscode.TextDocument | undefined {
    const id = uri.toString();
    return vscode.workspace.textDocuments.find((one) => one.uri.toString() === id);
}

/** Whether a tab or a document has an address. */
export function isOpen(uri: vscode.Uri): boolean {
    const id = uri.toString();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const inputs = tabs.map((tab) => (tab.input as { uri?: vscode.Uri } | undefined)?.uri);
    return Boolean(documentOf(uri)) || inputs.some((one) => one?.toString() === id);
}

/** Show another address in the tabs of one without changes. */
export async function follow(from: vscode.Uri, to: vscode.Uri): Promise<void> {
    for (const group of vscode.window.tabGroups.all) {
        const tab = group.tabs.find(({ input }) => isText(input, from));
        if (!tab || tab.isDirty) {
            continue;
        }
        const shown = tab.isActive ? undefined : group.activeTab?.input;
        const options = { viewColumn: group.viewColumn, preserveFocus: true, preview: tab.isPreview };
        await vscode.commands.executeCommand('vscode.openWith', to, 'default', options);
        if (shown instanceof vscode.TabInputText) {
            await vscode.commands.executeCommand('vscode.openWith', shown.uri, 'default', options);
        }
        const old = group.tabs.find(({ input }) => isText(input, from));
        if (old) {
            await vscode.window.tabGroups.close(old, true);
        }
    }
}

function isText(input: unknown, uri: vscode.Uri): boolean {
    return input instanceof vscode.TabInputText && input.uri.toString() === uri.toString();
}
