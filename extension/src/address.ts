/** Addresses of values: `kvlens:/KV Lens/BINDING (environment)/key?…`. The path is for people. */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { fault } from './messages';
import type { NamespaceRef } from './protocol';
import { notice } from './visible';

export const SCHEME = 'kvlens';

/** The first folder of every address; package.json gives what lies below it a language. */
const ROOT = 'KV Lens';

/** A key of a namespace; the query of an address is this as JSON, encoded. */
export interface Place extends NamespaceRef {
    key: string;
    /** The bytes as they are, for previews; never edited. */
    view?: 'raw';
}

/** Return the address of a value's document. */
export function uriOf(namespace: NamespaceRef, key: string, raw?: { name: string }): vscode.Uri {
    const { config, id, binding, environment } = namespace;
    const place: Place = { config, id, binding, environment, key };
    const json = JSON.stringify(raw ? { ...place, view: 'raw' } : place);
    // VS Code shows an address as it is where a save fails: a name in it must not read as words.
    const query = Buffer.from(json).toString('base64url');
    const segments = ['', ROOT, segment(nameOf(namespace)), segment(raw?.name ?? key)];
    return vscode.Uri.from({ scheme: SCHEME, path: segments.join('/'), query });
}

/** Return what a value's document is about. */
export function placeOf(uri: vscode.Uri): Place {
    try {
        // An address of an earlier version, in a window that is restored, has plain JSON.
        const plain = uri.query.startsWith('{');
        const json = plain ? uri.query : Buffer.from(uri.query, 'base64url').toString();
        const place = JSON.parse(json) as Place;
        if (typeof place.key === 'string' && typeof place.config === 'string') {
            return place;
        }
    } catch {
        // told below
    }
    throw fault('FileNotFound', `${uri.path} names no key of a namespace.`);
}

/** Whether an address is that of a namespace: its values' documents have it as their folder. */
export function isNamespace(uri: vscode.Uri): boolean {
    const segments = uri.path.split('/').length;
    // An address of an earlier version, in a window that is restored, has no first folder.
    return segments <= (uri.path.startsWith(`/${ROOT}/`) ? 3 : 2);
}

/** A namespace's name where there may be others: `CART`, `CART (staging)`, `CART (apps/shop)`. */
export function nameOf({ binding, environment, config }: NamespaceRef): string {
    const where = [environment, folderOf(config)].filter(Boolean).join(', ');
    return where ? `${binding} (${where})` : binding;
}

/** The folder of a config in the workspace; empty where the workspace is the folder. */
function folderOf(config: string): string {
    const folder = vscode.Uri.joinPath(vscode.Uri.parse(config), '..');
    const owner = vscode.workspace.getWorkspaceFolder(folder);
    if (!owner) {
        return path.posix.basename(folder.path);
    }
    const several = (vscode.workspace.workspaceFolders?.length ?? 0) > 1;
    const inside = path.posix.relative(owner.uri.path, folder.path);
    return [several ? owner.name : '', inside].filter(Boolean).join('/');
}

/** A name as one segment, so that the tab shows all of it: a division slash for each slash. */
function segment(name: string): string {
    const visible = notice(name).replaceAll('/', '∕');
    return visible === '.' || visible === '..' || !visible ? `"${visible}"` : visible;
}
