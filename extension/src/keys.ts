/** The keys that a command is for: rows of the view, the open value, or an answer. */

import * as vscode from 'vscode';
import { placeOf, SCHEME, uriOf } from './address';
import { type Parts, type Subject, target } from './command';
import { type NamespaceRef, reference } from './model';
import { pickKey } from './pickKey';
import * as prompts from './prompts';
import type { KeyNode, Node } from './tree/nodes';
import { distinct } from './visible';

const MOST_KEYS = 100_000; // of a folder, for one command

/** A key of a namespace. */
export interface KeyRef {
    space: NamespaceRef;
    key: string;
}

/** The argument that the view, a link or the title of a value passes to a command. */
export type KeySubject = Subject | vscode.Uri;

/** Return the key of a row. */
export function refOf({ parent, key }: KeyNode): KeyRef {
    return { space: reference(parent.project, parent.namespace), key: key.name };
}

/** Return the address of the value in the active tab, in any editor. */
export function activeValue(): vscode.Uri | undefined {
    const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
    const { uri, modified } = (input ?? {}) as { uri?: vscode.Uri; modified?: vscode.Uri };
    const active = uri ?? modified ?? vscode.window.activeTextEditor?.document.uri;
    return active?.scheme === SCHEME ? active : undefined;
}

/** Return the key of a row, a link or a value, or ask for one. */
export async function keyOf(
    parts: Parts,
    subject: KeySubject | undefined,
    title: string,
): Promise<KeyRef> {
    if (subject instanceof vscode.Uri) {
        const { key, view: _, ...space } = placeOf(subject);
        return { space, key };
    }
    if (subject?.kind === 'key') {
        return refOf(subject);
    }
    const space = await target(parts, subject, title);
    const named = subject && subject.kind === undefined ? subject.key : undefined;
    return { space, key: named ?? (await pickKey(parts.server, space, title)) };
}

/**
 * Return the keys of a command in the menu of a row.
 *
 * As in all of VS Code, the menu of a row outside the selection applies only to that row.
 */
export async function keysOf(
    parts: Parts,
    subject: KeySubject | undefined,
    selection: unknown,
    title: string,
): Promise<KeyRef[]> {
    const one = await keyOf(parts, subject, title);
    if (subject && !(subject instanceof vscode.Uri) && subject.kind === undefined && subject.selected) {
        return subject.selected.map((key) => ({ space: one.space, key }));
    }
    const nodes = Array.isArray(selection) ? (selection as Node[]) : []; // only the view passes one
    const selected = nodes.flatMap((node) => (node.kind === 'key' ? [refOf(node)] : []));
    return selected.some((other) => isSame(other, one)) ? selected : [one];
}

/** Return the keys of each namespace; two bindings with the same id have the same keys. */
export function bySpace(refs: KeyRef[]): { space: NamespaceRef; keys: string[] }[] {
    const groups = new Map<string, { space: NamespaceRef; keys: Set<string> }>();
    for (const { space, key } of refs) {
        const id = JSON.stringify([space.config, space.id]);
        const group = groups.get(id) ?? { space, keys: new Set() };
        groups.set(id, group);
        group.keys.add(key);
    }
    return [...groups.values()].map(({ space, keys }) => ({ space, keys: [...keys] }));
}

function isSame(one: KeyRef, other: KeyRef): boolean {
    return uriOf(one.space, one.key).toString() === uriOf(other.space, other.key).toString();
}

/** Return the keys in a folder; none for other rows. */
export async function keysUnder({ server }: Parts, node: Node): Promise<KeyRef[]> {
    if (node.kind !== 'folder') {
        return [];
    }
    const space = reference(node.parent.project, node.parent.namespace);
    const found: KeyRef[] = [];
    let cursor: string | undefined;
    do {
        const page = await server.ask('kvlens.list', { ...space, prefix: node.prefix, cursor });
        found.push(...page.keys.map(({ name }) => ({ space, key: name })));
        cursor = page.list_complete ? undefined : page.cursor;
        if (found.length > MOST_KEYS) {
            const most = MOST_KEYS.toLocaleString('en');
            const folder = distinct(node.prefix);
            throw new prompts.NothingThere(
                vscode.l10n.t('"{0}" has more than {1} keys. Select smaller folders.', folder, most),
            );
        }
    } while (cursor);
    return found;
}
