/** The keys and folders of namespaces: they are read page by page, and again after a change. */

import * as vscode from 'vscode';
import { delayOf, nowIn } from '../clock';
import * as format from '../format';
import { type NamespaceRef, reference } from '../model';
import type { Changed, FolderItem } from '../protocol';
import type { Server } from '../server';
import { configOf, listId, type NamespaceNode, type Node } from './nodes';

const PAGE = 200;
const AT_ONCE = 1000; // items in a request

/** The items of a namespace or a folder that were read. */
export interface KeyList {
    items: FolderItem[];
    cursor?: string;
    complete: boolean;
    stale: boolean;
    /** The numbers of keys in folders, by prefix. */
    counts: Map<string, number>;
    /** The row that shows the list: VS Code refreshes it by its identity. */
    row?: Node;
}

/** The lists that the view has shown. */
export class KeyLists implements vscode.Disposable {
    private readonly lists = new Map<string, KeyList>();
    private readonly counted = new vscode.EventEmitter<Node>();
    private readonly expiry = new vscode.EventEmitter<{ expired: boolean }>();
    private timer: NodeJS.Timeout | undefined;

    /** Fired when the folders in the list of a row are counted. */
    readonly onDidCount = this.counted.event;
    /** Fired when keys have expired, which isn't reported, or when the text about it changes. */
    readonly onDidExpire = this.expiry.event;

    constructor(private readonly server: Server) {}

    dispose(): void {
        clearTimeout(this.timer);
        this.counted.dispose();
        this.expiry.dispose();
    }

    /** Return a list, if it was read. */
    get(node: NamespaceNode, prefix: string): KeyList | undefined {
        return this.lists.get(listId(node, prefix));
    }

    /** Return a list as it is now; of a new one, the first page. */
    async read(node: NamespaceNode, prefix: string): Promise<KeyList> {
        const known = this.get(node, prefix);
        if (known && !known.stale) {
            return known;
        }
        const wanted = Math.max(PAGE, known?.items.length ?? 0);
        const counts = known?.counts ?? new Map<string, number>();
        const list: KeyList = { items: [], complete: false, stale: false, counts };
        await this.load(node, prefix, list, wanted);
        this.lists.set(listId(node, prefix), list);
        this.wait();
        return list;
    }

    /** Read the next page of a list, and return the row that shows it. */
    async more(node: NamespaceNode, prefix: string): Promise<Node | undefined> {
        const list = this.get(node, prefix);
        if (list && !list.complete) {
            await this.load(node, prefix, list, list.items.length + PAGE);
        }
        return list?.row;
    }

    /** Note that lists have changed; all, if there are no changes. */
    outdate(changes: Changed[]): void {
        for (const [id, list] of this.lists) {
            const hit = changes.some(
                (change) => id.startsWith(`${change.config}|${change.id ?? ''}`) || !change.config,
            );
            list.stale ||= !changes.length || hit;
        }
    }

    private async load(
        node: NamespaceNode,
        prefix: string,
        into: KeyList,
        wanted: number,
    ): Promise<void> {
        const namespace = reference(node.project, node.namespace);
        const delimiters = vscode.workspace
            .getConfiguration('kvlens.tree')
            .get<string[]>('delimiters', [])
            .filter((one) => typeof one === 'string' && one.length > 0);
        const folders: string[] = [];
        while (!into.complete && into.items.length < wanted) {
            const limit = Math.min(AT_ONCE, wanted - into.items.length);
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

    /** Count the keys of folders, and report when that is known. */
    private async count(namespace: NamespaceRef, prefixes: string[], into: KeyList): Promise<void> {
        const request = { ...namespace, prefixes };
        const { counts } = await this.server
            .ask('kvlens.countFolders', request)
            .catch(() => ({ counts: [] as number[] })); // the folders have no count then
        const changed = prefixes.filter((prefix, at) => into.counts.get(prefix) !== counts[at]);
        counts.forEach((count, at) => into.counts.set(prefixes[at], count));
        if (changed.length && counts.length && into.row) {
            this.counted.fire(into.row);
        }
    }

    private wait(): void {
        let next = Number.POSITIVE_INFINITY; // seconds
        for (const [id, { items }] of this.lists) {
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
            this.timer = setTimeout(() => this.checkExpiry(), delayOf(next, 500));
        }
    }

    private checkExpiry(): void {
        let expired = false;
        for (const [id, list] of this.lists) {
            const now = nowIn(configOf(id));
            const some = list.items.some(({ row }) => (row?.expiration ?? now + 1) <= now);
            list.stale ||= some;
            expired ||= some;
        }
        this.expiry.fire({ expired });
        this.wait();
    }
}
