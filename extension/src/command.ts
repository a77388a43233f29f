/** Commands, their arguments, and helpers for finding the target of a row. */

import * as vscode from 'vscode';
import type { Comparisons } from './compare/panel';
import type { History } from './history';
import { type Model, type NamespaceRef, whereIs } from './model';
import { pickNamespace } from './pickNamespace';
import * as prompts from './prompts';
import type { Project } from './protocol';
import type { Server } from './server';
import { namespaceOf, type Node } from './tree/nodes';
import type { Tree } from './tree/tree';
import type { Versions } from './versions';
import type { Workers } from './workers';

const { t } = vscode.l10n;

/** What a file in `commands/` exports; the file is named after the last part of the id. */
export interface Command {
    contribution: Contribution;
    /** The arguments from a menu, a lens or a key follow the parts. */
    run(parts: Parts, ...passed: unknown[]): Promise<void> | void;
}

/**
 * What `python -m scripts.generate` writes to package.json and docs/commands.md.
 *
 * It is read without being run, so it can only have literals.
 */
export interface Contribution {
    /** Its title in the palette, after "KV Lens: ". */
    title: string;
    /** Its description in the documentation; required if it is in the palette. */
    about?: string;
    icon?: string;
    enablement?: string;
    /** The menus that contain it, with VS Code's names; it is in the palette by default. */
    menus?: Record<string, { when?: string; group?: string }[]>;
    keybinding?: { key: string; mac?: string; when: string };
    /** False if the command doesn't run, open or change anything in a workspace. */
    needsTrust?: false;
}

/** The parts of the extension. */
export interface Parts {
    server: Server;
    model: Model;
    tree: Tree;
    view: vscode.TreeView<Node>;
    history: History;
    workers: Workers;
    versions: Versions;
    comparisons: Comparisons;
}

/** The argument that the view or a link passes to a command. */
export type Subject = Node | LinkedNamespace;

/**
 * A namespace from a code lens, a link or a table, with its seed file or a key if there is one, and
 * all keys that are selected with it.
 */
interface LinkedNamespace extends NamespaceRef {
    kind?: undefined;
    file?: string;
    key?: string;
    selected?: string[];
}

/** Throw if the user doesn't trust the workspace. */
export function requireTrust(): void {
    if (!vscode.workspace.isTrusted) {
        throw new prompts.NotTrusted(
            t('This workspace is not trusted, so nothing in it is run or changed. Trust it first.'),
        );
    }
}

/** Return the namespace of a row or a lens, or ask for one. */
export async function target(
    parts: Parts,
    node: Subject | undefined,
    title: string,
): Promise<NamespaceRef> {
    if (node && node.kind === undefined) {
        const { config, id, binding, environment } = node;
        return { config, id, binding, environment };
    }
    return namespaceOf(node) ?? (await pickNamespace(parts.model, title));
}

/** Return the key of a row or a link. */
export function keyName(node: Subject | undefined): string | undefined {
    if (node?.kind === 'key') {
        return node.key.name;
    }
    return node && node.kind === undefined ? node.key : undefined;
}

/** Return the project of a row. */
export function projectOf(node: Subject | undefined): Project | undefined {
    return node?.kind === 'project' || node?.kind === 'namespace' ? node.project : undefined;
}

/** Say in which config and store a namespace is. */
export function where(parts: Parts, space: NamespaceRef): string {
    return whereIs(space, parts.model.project(space.config));
}
