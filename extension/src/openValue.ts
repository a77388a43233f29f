/** Open a value: as text, as an image or as bytes. */

import * as vscode from 'vscode';
import { placeOf, uriOf } from './address';
import { bytesOf, formOf, hasOwnEditor, pictureName, pictureOf } from './contents';
import type { NamespaceRef } from './model';
import type { Server } from './server';
import { peek } from './values';

const HEX_EDITOR = { extension: 'ms-vscode.hexeditor', viewType: 'hexEditor.hexedit' };

/** Return the view type of VS Code's hex editor, if it is installed. */
export function hexEditor(): string | undefined {
    const { extension, viewType } = HEX_EDITOR;
    return vscode.extensions.getExtension(extension) && viewType;
}

/** Open a value as text or as an image; other bytes in the hex editor, or as a dump of them. */
export async function open({ server }: { server: Server }, space: NamespaceRef, key: string): Promise<void> {
    const value = await peek(server, space, key);
    const bytes = value ? bytesOf(value) : new Uint8Array();
    const isBinary = value?.base64 !== undefined || formOf(bytes) === 'binary';
    const hex = isBinary ? hexEditor() : undefined;
    if (pictureOf(bytes)) {
        await openRaw(uriOf(space, key));
    } else if (hasOwnEditor(key)) {
        const editor = isBinary ? [] : ['default'];
        const uri = uriOf(space, key, editor.length ? undefined : { name: key });
        await vscode.commands.executeCommand(
            editor.length ? 'vscode.openWith' : 'vscode.open',
            uri,
            ...editor,
        );
    } else if (hex) {
        await openRaw(uriOf(space, key), hex);
    } else {
        await vscode.commands.executeCommand('vscode.open', uriOf(space, key));
    }
}

/** Open a value's bytes, read-only, in VS Code's editor for them. */
export async function openRaw(uri: vscode.Uri, editor?: string): Promise<void> {
    const place = placeOf(uri);
    const raw = uriOf(place, place.key, { name: place.key });
    if (editor) {
        await vscode.commands.executeCommand('vscode.openWith', raw, editor);
        return;
    }
    const name = pictureName(place.key, await vscode.workspace.fs.readFile(raw));
    await vscode.commands.executeCommand('vscode.open', uriOf(place, place.key, { name }));
}
