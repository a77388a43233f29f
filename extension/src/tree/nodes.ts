/** The rows of the view, and what identifies them. */

import type * as vscode from 'vscode';
import { type AnyNamespace, type NamespaceRef, reference } from '../model';
import type { Project, Row } from '../protocol';

export interface ProjectNode {
    kind: 'project';
    project: Project;
}
export interface EnvironmentNode {
    kind: 'environment';
    project: Project;
    environment: string | null;
}
export interface NamespaceNode {
    kind: 'namespace';
    project: Project;
    namespace: AnyNamespace;
}
/** The namespaces that aren't in any config. */
export interface UnclaimedNode {
    kind: 'unclaimed';
    project: Project;
}
export interface KeyNode {
    kind: 'key';
    parent: NamespaceNode;
    /** The prefix of the folder that it is in; empty if it is in none. */
    within: string;
    key: Row;
}
/** Keys with the same beginning, up to a delimiter. */
export interface FolderNode {
    kind: 'folder';
    parent: NamespaceNode;
    /** The prefix of the folder that it is in. */
    within: string;
    prefix: string;
}
/** The rest of a long list. */
export interface MoreNode {
    kind: 'more';
    parent: NamespaceNode;
    prefix: string;
}
/** A line that says what to do, and does it when clicked. */
export interface HintNode {
    kind: 'hint';
    id: string;
    label: string;
    icon: string;
    description?: string;
    tooltip?: string;
    command?: vscode.Command;
}
export type Node =
    | ProjectNode
    | EnvironmentNode
    | NamespaceNode
    | UnclaimedNode
    | KeyNode
    | FolderNode
    | MoreNode
    | HintNode;

/** The stable identity of a namespace's node. */
export function idOf(node: NamespaceNode): string {
    const { id, environment, binding } = node.namespace;
    return [node.project.config, id, environment ?? '', binding].join('|');
}

/** The config in an identity: its URI, in which the separator is encoded. */
export function configOf(id: string): string {
    return id.slice(0, id.indexOf('|'));
}

/** The identity of the list of a namespace's folder. */
export function listId(node: NamespaceNode, prefix: string): string {
    return `${idOf(node)}|list|${prefix}`;
}

export function namespacesOf(project: Project, environment: string | null): Node[] {
    return project.namespaces
        .filter((namespace) => namespace.environment === environment)
        .map((namespace) => ({ kind: 'namespace', project, namespace }));
}

export function unclaimedOf(project: Project): Node[] {
    return (project.unclaimed ?? []).map(({ id, keys, size }) => {
        const names = { binding: id, id, environment: null };
        return { kind: 'namespace', project, namespace: { ...names, keys, size, unclaimed: true } };
    });
}

export function namespaceOf(node: Node | undefined): NamespaceRef | undefined {
    if (node?.kind === 'namespace') {
        return reference(node.project, node.namespace);
    }
    if (node?.kind === 'key' || node?.kind === 'folder' || node?.kind === 'more') {
        return reference(node.parent.project, node.parent.namespace);
    }
    return undefined;
}
