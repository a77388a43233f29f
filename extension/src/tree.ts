/** The view: projects, environments, namespaces and, page by page, their folders and keys. */

import * as vscode from 'vscode';
import { uriOf } from './address';
import { nowIn } from './clock';
import { mayBeHidden } from './clockStatus';
import { hasOwnEditor } from './contents';
import * as format from './format';
import { iconOf, isShownAsBytes } from './kinds';
import { type AnyNamespace, type Model, type NamespaceRef, placeOf, reference, stateOf } from './model';
import type { Changed, FolderItem, Project, Row, Value } from './protocol';
import type { Server } from './server';
import { peek } from './values';
import { block, distinct, inline, oneLine } from './visible';

const { t } = vscode.l10n;

const PAGE = 200;
const SCREEN = 30; // keys that a new view shows without a click
const LONGEST = 2 ** 31 - 1; // ms; the longest timer
const PREVIEW = 400; // characters of a value in a tooltip
const SHORT = 60; // characters of a value in its row
const SHORTER = 24; // if its expiration follows: a side bar is narrow
const FEW = 30; // keys of a namespace whose folders are open at first
const COUNTED = 10_000; // keys in a folder; more aren't counted
const QUIET = 300; // ms: VS Code collects changes for 200, then queries level by level
const LONGEST_FILL = 3000; // ms

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

/** Return an item with names as plain text. */
function shown(item: vscode.TreeItem): vscode.TreeItem {
    item.label = oneLine(String(item.label));
    if (typeof item.description === 'string') {
        item.description = oneLine(item.description);
    }
    if (item.accessibilityInformation) {
        const { label, role } = item.accessibilityInformation;
        item.accessibilityInformation = { label: oneLine(label), role };
    }
    return item;
}

/** The stable identity of a namespace's node. */
function idOf(node: NamespaceNode): string {
    const { id, environment, binding } = node.namespace;
    return [node.project.config, id, environment ?? '', binding].join('|');
}

/** The config in an identity: its URI, in which the separator is encoded. */
function configOf(id: string): string {
    return id.slice(0, id.indexOf('|'));
}

/** The identity of the list of a namespace's folder. */
function listId(node: NamespaceNode, prefix: string): string {
    return `${idOf(node)}|list|${prefix}`;
}

function namespacesOf(project: Project, environment: string | null): Node[] {
    return project.namespaces
        .filter((namespace) => namespace.environment === environment)
        .map((namespace) => ({ kind: 'namespace', project, namespace }));
}

function unclaimedOf(project: Project): Node[] {
    return (project.unclaimed ?? []).map(({ id, keys, size }) => {
        const names = { binding: id, id, environment: null };
        return { kind: 'namespace', project, namespace: { ...names, keys, size, unclaimed: true } };
    });
}

function unclaimedItem(node: UnclaimedNode): vscode.TreeItem {
    const label = t('Keys without a namespace');
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `${node.project.config}|unclaimed`;
    item.contextValue = 'withoutNamespace';
    item.iconPath = new vscode.ThemeIcon('question');
    item.tooltip = t('Keys in namespaces that no config declares, such as after a rename.');
    return item;
}

function projectItem(project: Project): vscode.TreeItem {
    const item = new vscode.TreeItem(project.label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = project.config;
    item.contextValue = 'project';
    item.iconPath = new vscode.ThemeIcon('file-code');
    item.description = project.state === 'failed' ? t('emulator failed') : placeOf(project).word;
    item.tooltip = projectTooltip(project);
    return item;
}

function projectTooltip(project: Project): string {
    const url = project.state === 'running' ? project.url : null;
    const emulator = url ? t('Emulator at {0}', url) : t('Emulator {0}', stateOf(project));
    return [project.label, emulator, t('Store {0}', project.store), project.message ?? '']
        .filter(Boolean)
        .map(oneLine)
        .join('\n');
}

function environmentItem(node: EnvironmentNode): vscode.TreeItem {
    const label = node.environment ?? t('Top level');
    const item = new vscode.TreeItem(label, vscode.TreeItemCollapsibleState.Expanded);
    item.id = `${node.project.config}|environment|${node.environment ?? ''}`;
    item.contextValue = 'environment';
    const { word, isRemote } = placeOf(node.project);
    const icon = node.environment === null ? 'home' : 'layers';
    item.iconPath = new vscode.ThemeIcon(isRemote ? 'cloud' : icon);
    item.description = word;
    item.tooltip =
        node.environment === null
            ? t('Used if no environment is selected')
            : oneLine(t('[env.{0}], selected with --env {0}', node.environment));
    item.accessibilityInformation = { label: `${label}, ${word}` };
    return item;
}

function namespaceItem(
    node: NamespaceNode,
    itemId: string,
    isOpen: boolean,
    filter: string,
): vscode.TreeItem {
    const { binding, id, keys, size, unclaimed, message } = node.namespace;
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const item = new vscode.TreeItem(binding, isOpen ? Expanded : Collapsed);
    item.id = itemId;
    item.contextValue = unclaimed ? 'unclaimed' : 'namespace';
    const place = placeOf(node.project);
    const icon = place.isRemote ? 'cloud' : 'database';
    item.iconPath = new vscode.ThemeIcon(message ? 'warning' : icon);
    const notes = typeof keys === 'number' ? [format.count(keys, 'key')] : [];
    if (node.project.namespaces.at(-1)?.environment === null) {
        notes.push(place.word); // otherwise the rows of the environments say so
    }
    if (filter) {
        notes.push(vscode.l10n.t('filter: {0}*', distinct(filter)));
    }
    item.description = message ? t("can't be read") : notes.join(' · ');
    const lines = unclaimed
        ? [t('The store has keys in "{0}", which no config declares.', id)]
        : [`env.${binding}`, t('namespace {0}', id)];
    if (typeof keys === 'number') {
        const amount = typeof size === 'number' ? `, ${format.size(size)}` : '';
        lines.push(`${format.count(keys, 'key')}${amount}`);
    }
    if (message) {
        lines.push(message);
    }
    item.tooltip = lines.map(oneLine).join('\n');
    item.command = { command: 'kvlens.openNamespace', title: t('Open Namespace'), arguments: [node] };
    item.accessibilityInformation = { label: `${binding}, ${item.description}` };
    return item;
}

function keyItem(node: KeyNode): vscode.TreeItem {
    const { name, type, preview, expiration, damaged } = node.key;
    const rest = name.slice(node.within.length) || name;
    const item = new vscode.TreeItem(distinct(rest), vscode.TreeItemCollapsibleState.None);
    item.id = `${idOf(node.parent)}|key|${name}`;
    item.contextValue = 'key';
    item.iconPath = new vscode.ThemeIcon(iconOf(type));
    item.tooltip = damaged && oneLine(damaged);
    const now = nowIn(node.parent.project.config);
    const most = expiration ? SHORTER : SHORT;
    const value = damaged
        ? t('Damaged')
        : preview && preview.length > most
          ? `${preview.slice(0, most)}…`
          : preview;
    const left = expiration ? format.left(expiration, now) : '';
    item.description = [value, left].filter(Boolean).join(' · ');
    const expires = expiration ? t('expires {0}', format.until(expiration, now)) : '';
    const label = [oneLine(distinct(name)), type, value, expires].filter(Boolean).join(', ');
    item.accessibilityInformation = { label };
    const uri = uriOf(reference(node.parent.project, node.parent.namespace), name);
    item.command =
        hasOwnEditor(name) || isShownAsBytes(type)
            ? { command: 'kvlens.open', title: t('Open Value'), arguments: [node] }
            : { command: 'vscode.open', title: t('Open Value'), arguments: [uri] };
    return item;
}

function folderItem(node: FolderNode, itemId: string, isOpen: boolean, keys: number | undefined): vscode.TreeItem {
    const { Collapsed, Expanded } = vscode.TreeItemCollapsibleState;
    const name = distinct(node.prefix.slice(node.within.length));
    const item = new vscode.TreeItem(name, isOpen ? Expanded : Collapsed);
    item.id = itemId;
    item.contextValue = 'folder';
    item.iconPath = new vscode.ThemeIcon('folder');
    const more = keys !== undefined && keys > COUNTED;
    const counted = keys === undefined ? '' : format.count(keys, 'key');
    item.description = more ? t('{0}+ keys', COUNTED.toLocaleString('en')) : counted;
    item.tooltip = vscode.l10n.t('Keys that begin with {0}', oneLine(distinct(node.prefix)));
    item.accessibilityInformation = { label: `${name}, ${item.description}` };
    return item;
}

function moreItem(node: MoreNode, shown: number): vscode.TreeItem {
    const item = new vscode.TreeItem(t('Load more…'));
    item.id = `${listId(node.parent, node.prefix)}|more`;
    item.contextValue = 'more';
    item.iconPath = new vscode.ThemeIcon('ellipsis');
    item.description = t('{0} shown', shown.toLocaleString('en'));
    item.command = { command: 'kvlens.loadMore', title: t('Load More'), arguments: [node] };
    return item;
}

function hintItem(node: HintNode): vscode.TreeItem {
    const item = new vscode.TreeItem(node.label);
    item.id = node.id;
    item.contextValue = 'hint';
    item.iconPath = new vscode.ThemeIcon(node.icon);
    item.description = node.description;
    item.tooltip = oneLine(node.tooltip ?? node.label);
    item.command = node.command;
    return item;
}

function emptyHints(node: NamespaceNode): HintNode[] {
    const id = idOf(node);
    const hint = (what: string, label: string, icon: string): HintNode => ({
        kind: 'hint',
        id: `${id}|${what}`,
        label,
        icon,
        command: { command: `kvlens.${what}`, title: label, arguments: [node] },
    });
    return [
        hint('seed', t('No keys yet: seed from a file…'), 'cloud-upload'),
        hint('put', t('or put a key…'), 'add'),
    ];
}

function noMatchHint(node: NamespaceNode, filter: string): HintNode {
    const label = vscode.l10n.t('No key begins with "{0}": clear the filter', distinct(filter));
    const command = { command: 'kvlens.clearFilter', title: label, arguments: [node] };
    return { kind: 'hint', id: `${idOf(node)}|noMatch`, label, icon: 'filter', command };
}

function trustHint(id: string): HintNode {
    const label = t('Trust this workspace to see its keys');
    const command = { command: 'workbench.trust.manage', title: label };
    return { kind: 'hint', id: `${id}|trust`, label, icon: 'shield', command };
}

function addHint(project: Project): HintNode {
    return {
        kind: 'hint',
        id: `${project.config}|add`,
        label: t('No KV namespaces yet: add one…'),
        icon: 'add',
        command: {
            command: 'kvlens.addNamespace',
            title: t('Add Namespace…'),
            arguments: [{ kind: 'project', project }],
        },
    };
}

function emulatorHint(project: Project): HintNode {
    const why = project.message?.replace(/^kvlens \w+: /, '');
    if (project.install) {
        return {
            kind: 'hint',
            id: `${project.config}|emulator`,
            label: t('Install {0}: copy command', project.install.split(' ').at(-1) ?? ''),
            description: t('Python package missing'),
            tooltip: why,
            icon: 'warning',
            command: {
                command: 'kvlens.copyInstall',
                title: t('Copy Command'),
                arguments: [{ kind: 'project', project }],
            },
        };
    }
    return {
        kind: 'hint',
        id: `${project.config}|emulator`,
        label: why ? t('The emulator failed: {0}', why) : t('The emulator failed'),
        icon: 'warning',
        command: {
            command: 'kvlens.restart',
            title: t('Restart Emulator'),
            arguments: [{ kind: 'project', project }],
        },
    };
}

/** What is wrong with a config; a click opens it there. */
function problemHint({ config, label, problem, problemLine = 0 }: Project): HintNode {
    const said = `${label}: ${problem}`;
    const at = new vscode.Position(Math.max(0, problemLine - 1), 0);
    const options = { selection: new vscode.Range(at, at) };
    return {
        kind: 'hint',
        id: `${config}|problem`,
        label: problemLine ? t('{0}: error in line {1}', label, problemLine) : said,
        tooltip: said,
        icon: 'warning',
        command: {
            command: 'vscode.open',
            title: t('Open Config'),
            arguments: [vscode.Uri.parse(config), options],
        },
    };
}

function failureHint(id: string, error: unknown): HintNode {
    return {
        kind: 'hint',
        id: `${id}|failure`,
        label: format.reason(error),
        icon: 'warning',
        command: { command: 'kvlens.refresh', title: t('Refresh') },
    };
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
