/** The view of what has changed: actions, the newest first, with their changes below them. */

import * as vscode from 'vscode';
import { shortMoment } from './clock';
import * as format from './format';
import { HistoryValues } from './historyValues';
import type { Model } from './model';
import type { HistoryAction, HistoryChange, HistoryResult, Side } from './protocol';
import type { Server } from './server';
import { label, oneLine } from './visible';

const { t } = vscode.l10n;

const VIEW = 'kvlens.history';
const PAGE = 50; // actions
const MOST = 1000; // actions that a list takes
const SHOWN = 100; // ms until rows are shown
const DELAY = 300; // ms: changes come in groups, and are recorded shortly after they are made

export interface HistoryActionNode {
    kind: 'action';
    config: string;
    action: HistoryAction;
}
export interface HistoryChangeNode {
    kind: 'change';
    config: string;
    action: HistoryAction;
    change: HistoryChange;
}
/** A project, if the workspace has several. */
export interface HistoryProjectNode {
    kind: 'project';
    config: string;
    label: string;
}
/** The rest of a list: of the actions, or of the changes of one action. */
export interface HistoryMoreNode {
    kind: 'more';
    config: string;
    of?: HistoryAction;
}
/** Why there is no list. */
export interface HistoryFailureNode {
    kind: 'failure';
    config: string;
    text: string;
}
export type HistoryNode =
    | HistoryActionNode
    | HistoryChangeNode
    | HistoryProjectNode
    | HistoryMoreNode
    | HistoryFailureNode;

/** What the view shows; everything if it is empty. */
export interface Filter {
    key?: string;
    writer?: string;
    /** The id of a namespace. */
    id?: string;
}

/** Fills the view. */
export class History implements vscode.TreeDataProvider<HistoryNode>, vscode.Disposable {
    private readonly emitter = new vscode.EventEmitter<HistoryNode | undefined>();
    private readonly subscriptions: vscode.Disposable[];
    private readonly limits = new Map<string, number>();
    private readonly rest = new Map<string, HistoryChange[]>();
    private timer: NodeJS.Timeout | undefined;
    private loaded = (): void => {};

    readonly onDidChangeTreeData = this.emitter.event;
    readonly view: vscode.TreeView<HistoryNode>;
    readonly values: HistoryValues;
    /** Everyone who is named in the history. */
    writers: string[] = [];
    /** The namespaces in the history, by id, with their names. */
    readonly namespaces = new Map<string, string>();
    filter: Filter = {};

    constructor(
        private readonly model: Model,
        private readonly server: Server,
    ) {
        this.values = new HistoryValues(server);
        this.view = vscode.window.createTreeView(VIEW, {
            treeDataProvider: this,
            canSelectMany: true,
        });
        this.subscriptions = [
            this.view,
            this.emitter,
            this.values,
            this.view.onDidChangeVisibility(() => this.later()),
            server.onHistory(() => this.later()),
            server.onChanged(() => this.later()),
            model.onDidChange(() => this.later()),
        ];
    }

    dispose(): void {
        clearTimeout(this.timer);
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    /** Show only what fits a filter. */
    async show(filter: Filter): Promise<void> {
        this.filter = filter;
        const namespace = filter.id && (this.namespaces.get(filter.id) ?? filter.id);
        const parts = [namespace, filter.key, filter.writer].filter((part) => part !== undefined);
        this.view.description = parts.length ? oneLine(parts.join(', ')) : undefined;
        await vscode.commands.executeCommand('setContext', 'kvlens.historyFiltered', parts.length > 0);
        this.limits.clear();
        this.refresh();
    }

    /** Bring the view to the front; its rows have the focus, also if they have to be loaded first. */
    async focus(): Promise<void> {
        const isLoaded = this.view.visible;
        const loaded = new Promise<void>((resolve) => {
            this.loaded = resolve;
        });
        await vscode.commands.executeCommand(`${VIEW}.focus`);
        if (!isLoaded) {
            await loaded;
            await new Promise((resolve) => setTimeout(resolve, SHOWN));
            await vscode.commands.executeCommand(`${VIEW}.focus`);
        }
    }

    /** Load more of a long list. */
    async more(node: HistoryMoreNode): Promise<void> {
        if (!node.of) {
            this.limits.set(node.config, (this.limits.get(node.config) ?? PAGE) + PAGE);
            this.refresh();
            return;
        }
        const { id, changes } = node.of;
        const known = this.rest.get(restOf(node.config, id)) ?? [];
        const after = (known.at(-1) ?? changes.at(-1))?.id;
        const request = { config: node.config, action: id, after, key: this.filter.key, id: this.filter.id };
        const found = await this.server.ask('kvlens.historyChanges', request);
        this.rest.set(restOf(node.config, id), [...known, ...found.changes]);
        this.emitter.fire(undefined);
    }

    async getChildren(node?: HistoryNode): Promise<HistoryNode[]> {
        const found = await this.childrenOf(node);
        if (!node) {
            this.loaded();
        }
        return found;
    }

    private async childrenOf(node?: HistoryNode): Promise<HistoryNode[]> {
        if (node?.kind === 'action') {
            return this.inAction(node);
        }
        if (node?.kind === 'project') {
            return this.inProject(node.config);
        }
        if (node || !vscode.workspace.isTrusted || this.server.state !== 'running') {
            return [];
        }
        await this.model.ready();
        const { projects } = this.model;
        if (projects.length === 1) {
            return this.inProject(projects[0].config);
        }
        return projects.map(({ config, label }) => ({ kind: 'project', config, label }));
    }

    getTreeItem(node: HistoryNode): vscode.TreeItem {
        const item = itemOf(node);
        item.contextValue ??= node.kind;
        return item;
    }

    private async inProject(config: string): Promise<HistoryNode[]> {
        let found: HistoryResult;
        const limit = Math.min(this.limits.get(config) ?? PAGE, MOST);
        try {
            found = await this.server.ask('kvlens.history', { config, limit, ...this.filter });
        } catch (error) {
            return [{ kind: 'failure', config, text: format.reason(error) }];
        }
        this.writers = [...new Set([...this.writers, ...found.writers])].sort();
        for (const { id, binding } of found.namespaces) {
            this.namespaces.set(id, binding ?? id);
        }
        await vscode.commands.executeCommand('setContext', 'kvlens.historyOff', !found.size);
        const actions = found.actions.map((action) => rowOf(config, action));
        const all = found.complete || limit === MOST;
        return all ? actions : [...actions, { kind: 'more', config }];
    }

    private inAction({ config, action }: HistoryActionNode): HistoryNode[] {
        const changes = [...action.changes, ...(this.rest.get(restOf(config, action.id)) ?? [])];
        const nodes: HistoryNode[] = changes.map((change) => ({
            kind: 'change',
            config,
            action,
            change,
        }));
        return changes.length < action.keys ? [...nodes, { kind: 'more', config, of: action }] : nodes;
    }

    private later(): void {
        if (this.view.visible) {
            this.timer ??= setTimeout(() => this.refresh(), DELAY);
        }
    }

    private refresh(): void {
        clearTimeout(this.timer);
        this.timer = undefined;
        this.emitter.fire(undefined);
    }
}

/** "12:03:05", with the date if it isn't today. */
export function timeOf(seconds: number): string {
    const then = new Date(seconds * 1000);
    const time = then.toLocaleTimeString();
    return then.toDateString() === new Date().toDateString()
        ? time
        : `${then.toLocaleDateString()} ${time}`;
}

function restOf(config: string, action: number): string {
    return `${config}#${action}`;
}

/** An action of one change is one row. */
function rowOf(config: string, action: HistoryAction): HistoryNode {
    const [change] = action.changes;
    return action.keys === 1 && !action.leftOut && change
        ? { kind: 'change', config, action, change }
        : { kind: 'action', config, action };
}

function itemOf(node: HistoryNode): vscode.TreeItem {
    switch (node.kind) {
        case 'project': {
            const item = new vscode.TreeItem(label(node.label));
            item.collapsibleState = vscode.TreeItemCollapsibleState.Expanded;
            item.id = node.config;
            item.iconPath = new vscode.ThemeIcon('folder');
            return item;
        }
        case 'action':
            return actionItem(node);
        case 'change':
            return changeItem(node);
        case 'more': {
            const item = new vscode.TreeItem(t('Load more…'));
            item.iconPath = new vscode.ThemeIcon('ellipsis');
            item.command = { command: 'kvlens.historyMore', title: t('Load More'), arguments: [node] };
            return item;
        }
        case 'failure': {
            const item = new vscode.TreeItem(label(node.text));
            item.iconPath = new vscode.ThemeIcon('warning');
            return item;
        }
    }
}

function actionItem({ config, action }: HistoryActionNode): vscode.TreeItem {
    const item = new vscode.TreeItem(label(action.title || action.writer));
    const left = action.leftOut ? t('{0} not recorded', action.leftOut.toLocaleString('en')) : '';
    const keys = action.keys ? format.count(action.keys, 'key') : '';
    item.id = `${config}#${action.id}`;
    const writer = action.title ? action.writer : '';
    item.description = [shortMoment(action.time), writer, keys, left].filter(Boolean).join(' · ');
    item.iconPath = new vscode.ThemeIcon(action.leftOut ? 'circle-slash' : 'layers');
    item.contextValue = action.leftOut ? 'incomplete' : 'action';
    item.collapsibleState = action.keys
        ? vscode.TreeItemCollapsibleState.Collapsed
        : vscode.TreeItemCollapsibleState.None;
    item.tooltip = oneLine(`${action.title || action.writer} · ${format.moment(action.time)}`);
    return item;
}

/** What comes first is what a narrow side bar shows. */
function changeItem(node: HistoryChangeNode): vscode.TreeItem {
    const { config, action, change } = node;
    const item = new vscode.TreeItem(label(change.key));
    const alone = action.keys === 1;
    const [icon, what] = !change.after
        ? ['trash', t('deleted')]
        : change.before
          ? ['edit', t('edited')]
          : ['add', t('added')];
    const done = alone ? [`${what} ${shortMoment(change.time)}`, action.writer, wayOf(node)] : [what];
    const said = `${sizeOf(change.before)} → ${sizeOf(change.after)}`;
    item.id = `${config}#${action.id}/${change.id}`;
    item.description = oneLine(
        [...done, change.binding ?? change.namespace, said].filter(Boolean).join(' · '),
    );
    item.iconPath = new vscode.ThemeIcon(icon);
    item.contextValue = alone ? 'changeAlone' : 'change';
    item.command = { command: 'kvlens.historyDiff', title: t('Compare'), arguments: [node] };
    item.tooltip = oneLine(
        `${change.key} · ${what} · ${action.title || action.writer} · ${format.moment(change.time)}`,
    );
    item.accessibilityInformation = { label: `${oneLine(change.key)}, ${item.description}` };
    return item;
}

/** The title of an action if it says more than its key: the request of a Worker, or a file. */
function wayOf({ action, change }: HistoryChangeNode): string {
    const [way] = action.title.split(' → ');
    return way.includes(change.key) ? '' : way;
}

function sizeOf(side: Side | null): string {
    if (!side) {
        return t('none');
    }
    const size = side.size === undefined ? '' : format.size(side.size);
    return side.unknown ? [size, t('not known')].filter(Boolean).join(' ') : size;
}
