/** The view: projects, environments, namespaces and, page by page, their folders and keys. */

import * as vscode from 'vscode';
import { nowIn } from '../clock';
import { mayBeHidden } from '../clockStatus';
import * as format from '../format';
import { type Model, type NamespaceRef, reference } from '../model';
import type { Changed, FolderItem, Project, Value } from '../protocol';
import type { Server } from '../server';
import { peek } from '../values';
import { block, inline } from '../visible';
import { addHint, emptyHints, emulatorHint, failureHint, noMatchHint, problemHint, trustHint } from './hints';
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
import {
    configOf,
    type FolderNode,
    type HintNode,
    idOf,
    type KeyNode,
    listId,
    type MoreNode,
    type NamespaceNode,
    namespacesOf,
    type Node,
    unclaimedOf,
} from './nodes';

const { t } = vscode.l10n;

const PAGE = 200;
const SCREEN = 30; // keys that a new view shows without a click
const LONGEST = 2 ** 31 - 1; // ms; the longest timer
const PREVIEW = 400; // characters of a value in a tooltip
const FEW = 30; // keys of a namespace whose folders are open at first
const QUIET = 300; // ms: VS Code collects changes for 200, then queries level by level
const LONGEST_FILL = 3000; // ms

interface Loaded {
    items: FolderItem[];
    cursor?: string;
    complete: boolean;
    stale: boolean;
    /** The numbers of keys in folders, by prefix. */
    counts: Map<string, number>;
    /** The row that shows the list: VS Code refreshes it by its identity. */
    row?: Node;
}

/** Fills the view from the model; keys are requested when a namespace is expanded. */
export class Tree implements vscode.TreeDataProvider<Node>, vscode.Disposable {
    private readonly emitter = new vscode.EventEmitter<Node | undefined>();
    private readonly loaded = new Map<string, Loaded>();
    /** The prefixes that the user filters namespaces by. */
    private readonly filters = new Map<string, string>();
    /** The namespaces that opened by themselves. */
    private readonly opened = new Set<string>();
    private readonly subscription: vscode.Disposable;
    private timer: NodeJS.Timeout | undefined;
    private busy = 0; // ms since 1970: when VS Code last had to fill the view, or filled it

    readonly onDidChangeTreeData = this.emitter.event;

    constructor(
        private readonly model: Model,
        private readonly server: Server,
    ) {
        this.subscription = vscode.Disposable.from(
            model.onDidChange((changes) => this.changed(changes)),
            vscode.workspace.onDidChangeConfiguration((change) => {
                if (change.affectsConfiguration('kvlens.tree.delimiters')) {
                    this.changed([]);
                }
            }),
        );
    }

    dispose(): void {
        clearTimeout(this.timer);
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
                return moreItem(node, this.listOf(node.parent, node.prefix)?.items.length ?? 0);
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
            item.tooltip = await this.keyTooltip(node, token);
        }
        return item;
    }

    /** Load the next page of a namespace or a folder. */
    async more(node: MoreNode): Promise<void> {
        const loaded = this.listOf(node.parent, node.prefix);
        if (loaded && !loaded.complete) {
            await this.load(node.parent, node.prefix, loaded, loaded.items.length + PAGE);
        }
        this.fill(loaded?.row);
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

    private listOf(node: NamespaceNode, prefix: string): Loaded | undefined {
        return this.loaded.get(listId(node, prefix));
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
            nodes.push(await this.seedAllHint(project));
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

    /** What seeding all namespaces would write; a click does that. */
    private async seedAllHint(project: Project): Promise<HintNode> {
        const request = { config: project.config, dryRun: true };
        const plan = await this.server.ask('kvlens.seedAll', request).catch(() => undefined); // a click says why
        const label = plan
            ? t('Seed {0} into {1}', format.count(plan.written, 'key'), format.count(plan.namespaces, 'namespace'))
            : t('Seed all namespaces');
        const hasEnvironments = project.namespaces.some(({ environment }) => environment !== null);
        const description = hasEnvironments ? t('top level') : '';
        const tooltip = t('No keys yet: write those in the files of "seeds"');
        const node = { kind: 'project', project };
        const command = { command: 'kvlens.seedAll', title: label, arguments: [node] };
        const id = `${project.config}|seedAll`;
        return { kind: 'hint', id, label, description, tooltip, icon: 'cloud-upload', command };
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
        const keys = this.listOf(node.parent, node.within)?.counts.get(node.prefix);
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
        return this.model.projects.find((one) => one.config === config)?.state === 'failed';
    }

    private async inFolder(node: NamespaceNode, prefix: string, row: Node): Promise<Node[]> {
        const id = listId(node, prefix);
        let loaded = this.loaded.get(id);
        if (!loaded || loaded.stale) {
            const wanted = Math.max(PAGE, loaded?.items.length ?? 0);
            const counts = loaded?.counts ?? new Map<string, number>();
            loaded = { items: [], complete: false, stale: false, counts };
            try {
                await this.load(node, prefix, loaded, wanted);
            } catch (error) {
                return this.hasFailed(node.project) ? [] : [failureHint(id, error)];
            }
            this.loaded.set(id, loaded);
            this.wait();
        }
        loaded.row = row;
        const within = row.kind === 'folder' ? prefix : '';
        const nodes = loaded.items.map(({ folder, row }): Node =>
            row
                ? { kind: 'key', parent: node, within, key: row }
                : { kind: 'folder', parent: node, within: prefix, prefix: folder ?? '' },
        );
        return loaded.complete ? nodes : [...nodes, { kind: 'more', parent: node, prefix }];
    }

    private async load(
        node: NamespaceNode,
        prefix: string,
        into: Loaded,
        wanted: number,
    ): Promise<void> {
        const namespace = reference(node.project, node.namespace);
        const delimiters = vscode.workspace
            .getConfiguration('kvlens.tree')
            .get<string[]>('delimiters', [])
            .filter((one) => typeof one === 'string' && one.length > 0);
        const folders: string[] = [];
        while (!into.complete && into.items.length < wanted) {
            const limit = Math.min(1000, wanted - into.items.length);
            const query = { ...namespace, prefix, delimiters, limit, cursor: into.cursor };
            const page = await this.server.ask('kvlens.folder', query);
            into.items.push(...page.items);
            into.cursor = page.cursor;
            into.complete = !page.cursor;
            folders.push(...page.items.flatMap(({ folder }) => folder ?? []));
        }
        if (folders.length) {
            void this.count(namespace, folders, into);
        }
    }

    /** Count the keys of folders, and show that when it is known. */
    private async count(
        namespace: NamespaceRef,
        prefixes: string[],
        into: Loaded,
    ): Promise<void> {
        const request = { ...namespace, prefixes };
        const { counts } = await this.server
            .ask('kvlens.countFolders', request)
            .catch(() => ({ counts: [] as number[] })); // the folders have no count then
        const changed = prefixes.filter((prefix, at) => into.counts.get(prefix) !== counts[at]);
        counts.forEach((count, at) => into.counts.set(prefixes[at], count));
        if (changed.length && counts.length && into.row) {
            this.fill(into.row);
        }
    }

    private changed(changes: Changed[]): void {
        for (const [id, loaded] of this.loaded) {
            const hit = changes.some(
                (change) => id.startsWith(`${change.config}|${change.id ?? ''}`) || !change.config,
            );
            loaded.stale ||= !changes.length || hit;
        }
        this.fill();
    }

    /** Refresh when a key expires, which isn't reported, and when the text about it changes. */
    private wait(): void {
        let next = Number.POSITIVE_INFINITY; // seconds
        for (const [id, { items }] of this.loaded) {
            const now = nowIn(configOf(id));
            for (const { row } of items) {
                const expiration = row?.expiration;
                if (expiration && expiration > now) {
                    next = Math.min(next, format.nextChange(expiration, now) - now);
                }
            }
        }
        clearTimeout(this.timer);
        if (next < Number.POSITIVE_INFINITY) {
            const delay = Math.max(500, next * 1000 + 50);
            this.timer = setTimeout(() => this.onExpiry(), Math.min(delay, LONGEST));
        }
    }

    private onExpiry(): void {
        let expired = false;
        for (const [id, loaded] of this.loaded) {
            const now = nowIn(configOf(id));
            const some = loaded.items.some(({ row }) => (row?.expiration ?? now + 1) <= now);
            loaded.stale ||= some;
            expired ||= some;
        }
        if (expired) {
            void this.model.refresh(); // fetches the new key counts, too
        } else {
            this.fill();
        }
        this.wait();
    }

    private async keyTooltip(
        node: KeyNode,
        token: vscode.CancellationToken,
    ): Promise<vscode.MarkdownString> {
        const text = new vscode.MarkdownString();
        const namespace = reference(node.parent.project, node.parent.namespace);
        text.appendMarkdown(t('**Key** {0}', inline(node.key.name)));
        let value: Value | null;
        try {
            value = await peek(this.server, namespace, node.key.name, token);
        } catch (error) {
            return text.appendMarkdown(`  \n${inline(format.reason(error))}`);
        }
        if (!value) {
            return text.appendMarkdown(`  \n${t('This key no longer exists.')}${mayBeHidden(namespace.config)}`);
        }
        text.appendMarkdown(`  \n${format.size(value.size)}`);
        if (value.expiration) {
            const left = format.until(value.expiration, nowIn(namespace.config));
            const when = format.moment(value.expiration);
            text.appendMarkdown(`  \n${t('expires {0}, {1}', left, when)}`);
        }
        if (value.metadata !== undefined && value.metadata !== null) {
            const metadata = inline(format.oneLine(value.metadata, 200));
            text.appendMarkdown(`  \n${t('metadata {0}', metadata)}`);
        }
        if (value.text) {
            const more = value.text.length > PREVIEW ? '…' : '';
            text.appendMarkdown(block(value.text.slice(0, PREVIEW) + more));
        }
        return text;
    }
}
