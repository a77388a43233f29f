/**
 * Addresses of values: `kvlens:/KV Lens/BINDING (environment)/key?{…}`.
 *
 * The path says the key: "Save As…" writes another one into it and keeps the query, which says the
 * namespace and how a name in the path is spelled that is not the key itself.
 */

import * as path from 'node:path';
import * as vscode from 'vscode';
import { fault } from './messages';
import type { NamespaceRef } from './model';
import { notice } from './visible';

export const SCHEME = 'kvlens';

/** The first folder of every address; package.json gives what lies below it a language. */
const ROOT = 'KV Lens';

/** A key of a namespace. */
export interface Place extends NamespaceRef {
    key: string;
    /** The bytes as they are, for previews; never edited. */
    view?: 'raw';
}

/** The query of an address, as JSON. */
interface Query extends NamespaceRef {
    /** The path of the namespace, above that of its keys. */
    folder: string;
    /** The key and the name it has in the path, where the name alone does not say the key. */
    key?: string;
    name?: string;
    view?: 'raw';
}

/** Return the address of a value's document. */
export function uriOf(namespace: NamespaceRef, key: string, raw?: { name: string }): vscode.Uri {
    const { config, id, binding, environment } = namespace;
    const folder = `/${ROOT}/${segment(nameOf(namespace))}`;
    const name = segment(raw?.name ?? key);
    const query: Query = { config, id, binding, environment, folder };
    if (raw || keyOf(name) !== key) {
        Object.assign(query, { key, name });
    }
    if (raw) {
        query.view = 'raw';
    }
    const path = `${folder}/${name}`;
    // VS Code shows an address as it is where a save fails: a name in it must not read as words.
    const encoded = Buffer.from(JSON.stringify(query)).toString('base64url');
    return vscode.Uri.from({ scheme: SCHEME, path, query: encoded });
}

/** Return what a value's document is about. */
export function placeOf(uri: vscode.Uri): Place {
    const { folder, key, name, view, ...namespace } = queryOf(uri);
    if (!uri.path.startsWith(`${folder}/`)) {
        throw fault(
            'NoPermissions',
            `"${uri.path}" isn't in "${folder}". "Save As" can only save a value under another key of ` +
                'its own namespace. To write to another namespace, use "KV Lens: Put Key…".',
        );
    }
    const last = uri.path.slice(folder.length + 1);
    return last === name && key !== undefined
        ? { ...namespace, key, view }
        : { ...namespace, key: keyOf(last) };
}

function queryOf(uri: vscode.Uri): Query {
    try {
        const query = JSON.parse(Buffer.from(uri.query, 'base64url').toString()) as Query;
        if (typeof query.folder === 'string' && typeof query.config === 'string') {
            return query;
        }
    } catch {
        // told below
    }
    throw fault('FileNotFound', `${uri.path} isn't the address of a key.`);
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

/** The key that one or more segments spell. */
function keyOf(segments: string): string {
    return segments.replaceAll('∕', '/');
}
