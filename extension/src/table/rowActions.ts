/** What the menu of a row does besides edits: open, copy or save values, and move the clock. */

import * as vscode from 'vscode';
import { tableOf, uriOf } from '../address';
import { parseExact } from '../exactJson';
import { warn } from '../messages';
import { open as openValue } from '../openValue';
import type { Server } from '../server';
import { PART, read } from '../values';
import { type TableDocument, VIEW_TYPE } from './document';
import type { RowRef } from './messages';

/** Open a row's value as a document or its details alone, or save it to a file. */
export async function showValue(
    server: Server,
    document: TableDocument,
    row: RowRef,
    what: 'open' | 'saveAs' | 'details',
): Promise<void> {
    const key = keyOf(document, row);
    const { namespace } = document;
    if (what === 'details') {
        await vscode.commands.executeCommand('vscode.openWith', tableOf(namespace, key), VIEW_TYPE);
        return;
    }
    if (what === 'open') {
        await openValue({ server }, namespace, key);
        return;
    }
    const value = await read(server, namespace, key);
    const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
    const name = uriOf(namespace, key).path.split('/').at(-1) ?? 'value';
    const target =
        value &&
        (await vscode.window.showSaveDialog({
            title: vscode.l10n.t('Save Value'),
            ...(folder ? { defaultUri: vscode.Uri.joinPath(folder, name) } : {}),
        }));
    if (target) {
        await vscode.workspace.fs.writeFile(target, value.bytes);
    }
}

/** Jump to just before or after a key expires. */
export async function jump(document: TableDocument, row: RowRef, before: boolean): Promise<void> {
    const uri = uriOf(document.namespace, keyOf(document, row));
    const command = before ? 'kvlens.clockJumpBefore' : 'kvlens.clockJumpAfter';
    await vscode.commands.executeCommand(command, uri);
}

/** Copy the keys of rows, or the rows as items of a seed file. */
export async function copyRows(
    server: Server,
    document: TableDocument,
    rows: RowRef[],
    what: 'keys' | 'rows',
): Promise<void> {
    const keys = rows.map((row) => keyOf(document, row));
    if (what === 'keys') {
        await vscode.env.clipboard.writeText(keys.join('\n'));
        return;
    }
    const query = { ...document.namespace, keys, values: 16 * PART };
    const { contents } = await server.ask('kvlens.contents', query);
    const items = contents.map(({ key, text, base64, metadataText, expiration }) => ({
        key,
        value: text ?? base64,
        ...(base64 === undefined ? {} : { base64: true }),
        ...(metadataText === undefined ? {} : { metadata: parsed(metadataText) }),
        ...(expiration === undefined ? {} : { expiration }),
    }));
    if (contents.some(({ text, base64 }) => text === undefined && base64 === undefined)) {
        void warn(vscode.l10n.t('Values over 16 MiB in total were left out.'));
    }
    await vscode.env.clipboard.writeText(JSON.stringify(items, null, 2));
}

function keyOf({ staged }: TableDocument, row: RowRef): string {
    if ('key' in row) {
        return row.key;
    }
    const stored = staged.idOf(row) && staged.storedOf(row.id);
    if (!stored) {
        throw new Error(vscode.l10n.t('Save the table first: the key is not in the store yet.'));
    }
    return stored.name;
}

function parsed(text: string): unknown {
    try {
        return parseExact(text);
    } catch {
        return text;
    }
}
