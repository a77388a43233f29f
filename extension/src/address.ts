/**
 * Addresses of values: `kvlens:/KV Lens/BINDING (environment)/key?NAMESPACE`.
 *
 * The path says the key: "Save As…" writes another one into it and keeps the query, which says the
 * namespace and how a name in the path is spelled that is not the key itself. VS Code shows an
 * address as it is where a save fails, so it is short: the namespace is a digest of what the
 * workspace's state knows by it.
 */

import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { fault } from './messages';
import type { NamespaceRef } from './model';
import { notice } from './visible';

export const SCHEME = 'kvlens';

/** The first folder of every address; package.json gives what lies below it a language. */
const ROOT = 'KV Lens';

const DIGEST = 10; // characters of base64: no two namespaces of a workspace share them
const STATE = 'kvlens.address.';

/** A key of a namespace. */
export interface Place extends NamespaceRef {
    key: string;
    /** The bytes as they are, for previews; never edited. */
    view?: 'raw';
}

/** What the namespace of an address stands for. */
interface Space extends NamespaceRef {
    /** The path of the namespace, above that of its keys. */
    folder: string;
}

/** What follows the namespace in a query, as JSON in base64. */
interface Spelling {
    /** The key and the name it has in the path, where the name alone does not say the key. */
    key: string;
    name: string;
    view?: 'raw';
}

const spaces = new Map<string, Space>();
let state: vscode.Memento | undefined;

/** Keep what addresses stand for in the workspace's state, for windows that are restored. */
export function keepAddresses(memento: vscode.Memento): void {
    state = memento;
}

/** Return the address of a value's document. */
export function uriOf(namespace: NamespaceRef, key: string, raw?: { name: string }): vscode.Uri {
    const { config, id, binding, environment } = namespace;
    const folder = `/${ROOT}/${segment(nameOf(namespace))}`;
    const name = segment(raw?.name ?? key);
    let query = digestOf({ config, id, binding, environment, folder });
    if (raw || keyOf(name) !== key) {
        const spelling: Spelling = { key, name, ...(raw ? { view: 'raw' } : {}) };
        // in base64, as a name must not read as words where the address is shown
        query += `.${Buffer.from(JSON.stringify(spelling)).toString('base64url')}`;
    }
    return vscode.Uri.from({ scheme: SCHEME, path: `${folder}/${name}`, query });
}

/** Return what a value's document is about. */
export function placeOf(uri: vscode.Uri): Place {
    const [digest, encoded] = uri.query.split('.');
    const space = spaces.get(digest) ?? state?.get<Space>(STATE + digest);
    if (!space) {
        throw fault('FileNotFound', `${uri.path} isn't the address of a key.`);
    }
    const { folder, ...namespace } = space;
    if (!uri.path.startsWith(`${folder}/`)) {
        throw fault(
            'NoPermissions',
            `"${uri.path}" isn't in "${folder}". "Save As" can only save a value under another key of ` +
                'its own namespace. To write to another namespace, use "KV Lens: Put Key…".',
        );
    }
    const last = uri.path.slice(folder.length + 1);
    const spelling = encoded ? spellingOf(encoded) : undefined;
    return spelling?.name === last
        ? { ...namespace, key: spelling.key, view: spelling.view }
        : { ...namespace, key: keyOf(last) };
}

/** Return what the query calls a namespace, and see to it that it can be found again. */
function digestOf(space: Space): string {
    const text = JSON.stringify(Object.values(space));
    const digest = createHash('sha256').update(text).digest('base64url').slice(0, DIGEST);
    if (!spaces.has(digest)) {
        spaces.set(digest, space);
        void state?.update(STATE + digest, space);
    }
    return digest;
}

function spellingOf(encoded: string): Spelling | undefined {
    try {
        return JSON.parse(Buffer.from(encoded, 'base64url').toString()) as Spelling;
    } catch {
        return undefined;
    }
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
