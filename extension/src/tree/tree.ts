/** The view: projects, environments, namespaces and, page by page, their folders and keys. */

import * as vscode from 'vscode';
import type { Model } from '../model';
import type { Changed, Project } from '../protocol';
import type { Server } from '../server';
import {
    addHint,
    emptyHints,
    emulatorHint,
    failureHint,
    noMatchHint,
    problemHint,
    seedAllHint,
    trustHint,
} from './hints';
import {
    environmentItem,
    folderItem,
    hintItem,
    keyItem,
    moreItem,
    namespaceItem,
    projectItem,
    shown,
    unclaimedItem,
} from './items';
import { type KeyList, KeyLists } from './keyLists';
import {
    type FolderNode,
    idOf,
    listId,
    type MoreNode,
    type NamespaceNode,
    namespacesOf,
    type Node,
    unclaimedOf,
} from './nodes';
import { keyTooltip } from './tooltip';

const SCREEN = 30; // keys that a new view shows without a click
const FEW = 30; // keys of a namespace whose folders are open at first
const QUIET = 300; // ms: VS Code collects changes for 200, then queries level by level
const LONGEST_FILL = 3000; // ms

/** Fills the view from the model; keys are requested when a namespace is expanded. */
export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
    private readonly emitter = new vscode.EventEmitter<Node | undefined>();
    private readonly lists: KeyLists;
    /** The prefixes that the user filters namespaces by. */
    private readonly filters = new Map<string, string>();
    /** The namespaces that opened by themselves. */
    private readonly opened = new Set<string>();
    private readonly subscription: vscode.Disposable;
    private busy = 0; // ms since 1970: when VS Code last had to fill the view, or filled it

    readonly onDidChangeTreeData = this.emitter.event;

    constructor(
        private readonly model: Model,
        private readonly server: Server,
    ) {
        this.lists = new KeyLists(server);
        this.subscription = vscode.Disposable.from(
            this.lists,
            this.lists.onDidCount((row) => this.fill(row)),
            this.lists.onDidExpire(({ expired }) => {
                if (expired) {
                    void model.refresh(); // fetches the new key counts, too
                } else {
                    this.fill();
                }
            }),
            model.onDidChange((changes) => this.changed(changes)),
            vscode.workspace.onDidChangeConfiguration((change) => {
                if (change.affectsConfiguration('kvlens.tree.delimiters')) {
                    this.changed([]);
                }
            }),
        );
    }

    dispose(): void {
        this.subscription.dispose();
        this.emitter.dispose();
    }

    async getChildren(node?: Node): Promise<Node[]> {
        try {
            return await this.childrenOf(node);
        } finally {
            this.busy = Date.now();
        }
    }

    /** Wait until the view is filled: until then, it has no selection. */
    async settled(): Promise<void> {
        const end = Date.now() + LONGEST_FILL;
        while (Date.now() < Math.min(end, this.busy + QUIET)) {
            await new Promise((resolve) => setTimeout(resolve, 50));
        }
    }

    private fill(node?: Node): void {
        this.busy = Date.now();
        this.emitter.fire(node);
    }

    private async childrenOf(node?: Node): Promise<Node[]> {
        switch (node?.kind) {
            case undefined:
                return this.roots();
            case 'project':
                return this.inProject(node.project);
            case 'environment':
                return namespacesOf(node.project, node.environment);
            case 'unclaimed':
                return unclaimedOf(node.project);
            case 'namespace':
                return this.inNamespace(node);
            case 'folder':
                return this.inFolder(node.parent, node.prefix, node);
            default:
                return [];
        }
    }

    getTreeItem(node: Node): vscode.TreeItem {
        return shown(this.itemOf(node));
    }

    private itemOf(node: Node): vscode.TreeItem {
        switch (node.kind) {
            case 'project':
                return projectItem(node.project);
            case 'environment':
                return environmentItem(node);
            case 'namespace': {
                const isOpen = this.isOpen(node);
                return namespaceItem(node, this.itemId(idOf(node), isOpen), isOpen, this.filterOf(node));
            }
            case 'unclaimed':
                return unclaimedItem(node);
            case 'key':
                return keyItem(node);
            case 'folder':
                return this.folderItem(node);
            case 'more':
                return moreItem(node, this.lists.get(node.parent, node.prefix)?.items.length ?? 0);
            case 'hint':
                return hintItem(node);
        }
    }

    async resolveTreeItem(
        item: vscode.TreeItem,
        node: Node,
        token: vscode.CancellationToken,
    ): Promise<vscode.TreeItem> {
        if (node.kind === 'key' && !node.key.damaged) {
            item.tooltip = await keyTooltip(this.server, node, token);
        }
        return item;
    }

    /** Load the next page of a namespace or a folder. */
    async more(node: MoreNode): Promise<void> {
        this.fill(await this.lists.more(node.parent, node.prefix));
    }

    /** The prefix that the user filters a namespace by; empty if there is none. */
    filterOf(node: NamespaceNode): string {
        return this.filters.get(idOf(node)) ?? '';
    }

    /** Show only the keys of a namespace that begin with a prefix; all if it is empty. */
    filter(node: NamespaceNode, prefix: string): void {
        if (prefix) {
            this.filters.set(idOf(node), prefix);
        } else {
            this.filters.delete(idOf(node));
        }
        void vscode.commands.executeCommand('setContext', 'kvlens.filtered', this.filters.size > 0);
        this.fill();
    }

    private async roots(): Promise<Node[]> {
        await this.model.ready();
        const projects = this.model.projects;
        const [only] = projects;
        const shows = only?.namespaces.length || only?.unclaimed?.length || only?.problem;
        if (projects.length === 1 && !shows) {
            return []; // the view shows its welcome text instead
        }
        const nodes: Node[] =
            projects.length === 1
                ? await this.inProject(only)
                : projects.map((project) => ({ kind: 'project', project }));
        return vscode.workspace.isTrusted || !nodes.length ? nodes : [trustHint(''), ...nodes];
    }

    private async inProject(project: Project): Promise<Node[]> {
        const nodes: Node[] = [];
        if (project.state === 'failed') {
            nodes.push(emulatorHint(project));
        }
        const environments = [...new Set(project.namespaces.map((one) => one.environment))];
        if (project.problem) {
            nodes.push(problemHint(project));
        }
        if (project.seedable) {
            nodes.push(await seedAllHint(this.server, project));
        }
        if (!project.namespaces.length) {
            nodes.push(...(project.problem ? [] : [addHint(project)]));
        } else if (environments.some((name) => name !== null)) {
            nodes.push(
                ...environments.map(
                    (environment): Node => ({ kind: 'environment', project, environment }),
                ),
            );
        } else {
            nodes.push(...namespacesOf(project, null));
        }
        if (project.unclaimed?.length) {
            nodes.push({ kind: 'unclaimed', project });
        }
        return nodes;
    }

    /**
     * VS Code keeps whether an item with the same id is open. A namespace that gets its first keys,
     * few enough to be shown, is a new item, and opens; from then on, it stays as the user wants. So
     * does a folder whose namespace is counted after it is listed.
     */
    private itemId(id: string, isOpen: boolean): string {
        if (isOpen) {
            this.opened.add(id);
        }
        return this.opened.has(id) ? id : `${id}|closed`;
    }

    private folderItem(node: FolderNode): vscode.TreeItem {
        const id = `${idOf(node.parent)}|folder|${node.within.length}|${node.prefix}`;
        const isOpen = (node.parent.namespace.keys ?? Number.POSITIVE_INFINITY) <= FEW;
        const keys = this.lists.get(node.parent, node.within)?.counts.get(node.prefix);
        return folderItem(node, this.itemId(id, isOpen), isOpen, keys);
    }

    /** Whether a namespace shows its keys at first: the first ones that fit on a screen do. */
    private isOpen({ project, namespace }: NamespaceNode): boolean {
        let rows = 0;
        for (const one of namespace.keys ? project.namespaces : []) {
            const keys = one.keys ?? 0;
            const fits = rows + keys <= SCREEN;
            if (one === namespace || rows === SCREEN) {
                return one === namespace && fits;
            }
            rows += fits ? keys : 0;
        }
        return false;
    }

    private async inNamespace(node: NamespaceNode): Promise<Node[]> {
        const id = idOf(node);
        if (!vscode.workspace.isTrusted) {
            return [trustHint(id)];
        }
        if (this.hasFailed(node.project)) {
            return [];
        }
        const filter = this.filterOf(node);
        const nodes = await this.inFolder(node, filter, node);
        if (nodes.length || !filter) {
            return nodes.length ? nodes : emptyHints(node);
        }
        return [noMatchHint(node, filter)];
    }

    /** Whether the emulator failed: one row above all namespaces says so, and what to do. */
    private hasFailed({ config }: Project): boolean {
        return this.model.project(config)?.state === 'failed';
    }

    private async inFolder(node: NamespaceNode, prefix: string, row: Node): Promise<Node[]> {
        let list: KeyList;
        try {
            list = await this.lists.read(node, prefix);
        } catch (error) {
            return this.hasFailed(node.project) ? [] : [failureHint(listId(node, prefix), error)];
        }
        list.row = row;
        const within = row.kind === 'folder' ? prefix : '';
        const nodes = list.items.map(({ folder, row }): Node =>
            row
                ? { kind: 'key', parent: node, within, key: row }
                : { kind: 'folder', parent: node, within: prefix, prefix: folder ?? '' },
        );
        return list.complete ? nodes : [...nodes, { kind: 'more', parent: node, prefix }];
    }

    private changed(changes: Changed[]): void {
        this.lists.outdate(changes);
        this.fill();
    }
}
