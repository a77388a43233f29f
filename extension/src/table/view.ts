/** The rows of a table that is open: its view in the server, which filters and sorts the keys. */

import type { NamespaceRef } from '../model';
import type { Commands, ViewOpenResult } from '../protocol';
import type { Server } from '../server';
import type { FromView } from './messages';

const AT_ONCE = 1000; // rows in a request

type Rows = Commands['kvlens.viewRows'][1];
type Asked<Type> = Extract<FromView, { type: Type }>;

/** The newest view of a namespace. */
export class View {
    private id = '';
    private opening = 0;

    constructor(
        private readonly server: Server,
        private readonly namespace: NamespaceRef,
    ) {}

    /** Open another view; return undefined if yet another one was asked for meanwhile. */
    async open({ seq, filter, sort, descending }: Asked<'open'>): Promise<ViewOpenResult | undefined> {
        this.opening = seq;
        const before = this.id;
        const query = { ...this.namespace, filter, sort, descending };
        const result = await this.server.ask('kvlens.viewOpen', query);
        if (this.opening !== seq) {
            await this.closeOne(result.view);
            return undefined;
        }
        if (result.view) {
            this.id = result.view;
            await this.closeOne(before);
        }
        return result;
    }

    is(id: string): boolean {
        return this.id === id;
    }

    /** Note that a new server doesn't know the view. */
    forget(): void {
        this.id = '';
    }

    async close(): Promise<void> {
        const { id } = this;
        this.forget();
        await this.closeOne(id);
    }

    private async closeOne(id: string): Promise<void> {
        if (id) {
            await this.server.ask('kvlens.viewClose', { view: id }).catch(() => undefined);
        }
    }

    /** Return some rows, and how many match; undefined if no view is open. */
    async rows({ offset, limit }: Asked<'rows'>): Promise<Rows | undefined> {
        const { id } = this;
        return id ? this.server.ask('kvlens.viewRows', { view: id, offset, limit }) : undefined;
    }

    /** Return the names of some rows. */
    async names({ offset, limit }: Asked<'names'>): Promise<string[]> {
        const names: string[] = [];
        const { id } = this;
        while (id && names.length < limit) {
            const step = Math.min(AT_ONCE, limit - names.length);
            const query = { view: id, offset: offset + names.length, limit: step };
            const { rows } = await this.server.ask('kvlens.viewRows', query);
            names.push(...rows.map(({ name }) => name));
            if (rows.length < step) {
                break;
            }
        }
        return names;
    }

    /** Return the keys that match, up to a limit, and how many match. */
    keys(): Promise<{ keys: string[]; matched: number }> {
        return this.server.ask('kvlens.viewKeys', { view: this.id });
    }
}
