/**
 * Addresses of values: `kvlens:/KV Lens/BINDING (environment)/key?NAMESPACE`.
 *
 * The path has the key: "Save As…" changes it and keeps the query, which has the
 * namespace, and the key if the name in the path is different. VS Code shows an
 * address in the error of a failed save, so it is short: the namespace is a digest of what the
 * workspace's state stores for it.
 */

import { createHash } from 'node:crypto';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { fault } from './messages';
import type { NamespaceRef } from './model';
import { distinct, notice } from './visible';

const { t } = vscode.l10n;

export const SCHEME = 'kvlens';
/** The scheme of tables, whose path is the folder of a namespace's values. */
export const TABLE_SCHEME = 'kvlens-table';

/** The first folder of every address; package.json sets the language of everything in it. */
const ROOT = 'KV Lens';

const DIGEST = 10; // characters of base64: enough to distinguish the namespaces of a workspace
const STATE = 'kvlens.address.';

/** A key of a namespace. */
export interface Place extends NamespaceRef {
    key: string;
    /** The raw bytes, for previews; never edited. */
    view?: 'raw';
}

/** The namespace that an address refers to. */
interface Space extends NamespaceRef {
    /** The path of the namespace, the parent of its keys' paths. */
    folder: string;
}

/** The data after the namespace in a query, as JSON in base64. */
interface Spelling {
    /** The key and its name in the path, if the name isn't enough. */
    key: string;
    name: string;
    view?: 'raw';
}

const spaces = new Map<string, Space>();
let state: vscode.Memento | undefined;

/** Keep what addresses refer to in the workspace's state, for restored windows. */
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
        // in base64: a name must not be readable as words in a shown address
        query += `.${Buffer.from(JSON.stringify(spelling)).toString('base64url')}`;
    }
    return vscode.Uri.from({ scheme: SCHEME, path: `${folder}/${name}`, query });
}

/** Return the address of a namespace's table, the folder of its values' documents, or of a key. */
export function tableOf(namespace: NamespaceRef, key?: string): vscode.Uri {
    if (key !== undefined) {
        return uriOf(namespace, key).with({ scheme: TABLE_SCHEME });
    }
    const { config, id, binding, environment } = namespace;
    const folder = `/${ROOT}/${segment(nameOf(namespace))}`;
    const query = digestOf({ config, id, binding, environment, folder });
    return vscode.Uri.from({ scheme: TABLE_SCHEME, path: folder, query });
}

/** Return the namespace of a table's address, and the key if it is about only one. */
export function tableAt(uri: vscode.Uri): { namespace: NamespaceRef; key?: string } {
    const { folder, ...namespace } = spaceAt(uri);
    return uri.path === folder ? { namespace } : { namespace, key: placeOf(uri).key };
}

/** Return the key that a value's document shows. */
export function placeOf(uri: vscode.Uri): Place {
    const { folder, ...namespace } = spaceAt(uri);
    if (!uri.path.startsWith(`${folder}/`)) {
        throw fault(
            'NoPermissions',
            t(
                '"{0}" isn\'t in "{1}". "Save As" can only save a value under another key of ' +
                    'its own namespace. To write to another namespace, use "KV Lens: Put Key…".',
                uri.path,
                folder,
            ),
        );
    }
    const last = uri.path.slice(folder.length + 1);
    const [, encoded] = uri.query.split('.');
    const spelling = encoded ? spellingOf(encoded) : undefined;
    return spelling?.name === last
        ? { ...namespace, key: spelling.key, view: spelling.view }
        : { ...namespace, key: keyOf(last) };
}

function spaceAt({ path, query }: vscode.Uri): Space {
    const [digest] = query.split('.');
    const space = spaces.get(digest) ?? state?.get<Space>(STATE + digest);
    if (!space) {
        throw fault('FileNotFound', t("{0} isn't the address of a key or a namespace.", path));
    }
    return space;
}

/** Return a namespace's digest for the query, and store what it refers to. */
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

/** Whether an address is that of a namespace, the folder of its values' documents. */
export function isNamespace(uri: vscode.Uri): boolean {
    const segments = uri.path.split('/').length;
    // An address from an earlier version, in a restored window, has no first folder.
    return segments <= (uri.path.startsWith(`/${ROOT}/`) ? 3 : 2);
}

/** A namespace's name, made unique if necessary: `CART`, `CART (staging)`, `CART (apps/shop)`. */
export function nameOf({ binding, environment, config }: NamespaceRef): string {
    const where = [environment, folderOf(config)].filter(Boolean).join(', ');
    return where ? `${binding} (${where})` : binding;
}

/** The folder of a config in the workspace; empty if it is the workspace folder. */
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

/** A name as one segment, which the tab shows completely: a division slash for each slash. */
function segment(name: string): string {
    const visible = notice(distinct(name)).replaceAll('/', '∕');
    return visible === '.' || visible === '..' || !visible ? `"${visible}"` : visible;
}

/** The key in one or more segments. */
function keyOf(segments: string): string {
    return segments.replaceAll('∕', '/');
}
