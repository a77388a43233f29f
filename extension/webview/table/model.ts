/** The state of a table: the rows that were read, changes, the selection, and what is asked for. */

import type { Row, ViewProgress } from '../../src/protocol';
import type {
    Column,
    Content,
    Details,
    Layout,
    Place,
    RowAction,
    RowRef,
    StagedRow,
    ToView,
} from '../../src/table/messages';
import type { FilterToken } from '../../src/filterTokens';
import { keepClock } from './expiry';
import { listen, post, t, translate } from './host';
import { Pages } from './pages';
import { parseRows } from './paste';
import { StagedRows } from './stagedRows';
import { Watched } from './watched';

const MOST_SELECTED = 10_000; // by a range
const TYPING = 150; // ms without typing before a filter is used

export const COLUMNS: [id: string, title: () => string, width: number][] = [
    ['key', () => t('Key'), 150],
    ['value', () => t('Value'), 140],
    ['type', () => t('Type'), 50],
    ['size', () => t('Size'), 58],
    ['metadata', () => t('Metadata'), 100],
    ['expires', () => t('Expires'), 88],
];

/** A row as the table shows it. */
export interface Shown {
    id: string;
    ref: RowRef;
    name: string;
    row?: Row;
    staged?: StagedRow;
}

export class TableModel extends Watched {
    /** The key whose details are all that is shown. */
    only: RowRef | undefined;
    place: Place = {
        title: '',
        namespace: { config: '', id: '', binding: '', environment: null },
        where: '',
        word: '',
        remote: false,
        readOnly: false,
    };
    layout: Layout = { columns: [], filters: {}, details: 36 };
    tokens: FilterToken[] = [];
    filter = '';
    sort: string = 'key';
    descending = false;
    progress: ViewProgress = { matched: 0, scanned: 0, total: null, done: false, order: 'key' };
    sortLimit = 0;
    problem: { text: string; start: number; end: number } | undefined;
    failure = '';
    /** Whether reading the keys has failed. */
    canRetry = false;
    started = false;
    /** What the menu of a row does. */
    act: (what: RowAction) => void = () => undefined;
    stagedCount = 0;
    cursor = 0;
    column = 0;
    readonly selected = new Map<string, RowRef>();
    details: Details | null = null;
    /** The cell that is being edited, and what is wrong with its text if it was refused. */
    editing: { id: string; column: string; text: string; problem?: string } | undefined;
    /** Metadata that can't be used as it is typed, by key. */
    readonly drafts = new Map<string, string>();
    /** Which row to go to once it is added: a new one, or a copy unless another row is chosen first. */
    private toAdded: 'new' | 'copy' | undefined;

    private readonly pages = new Pages<Row>();
    private readonly staged = new StagedRows();
    private seq = 0;
    private detailsSeq = 0;
    private detailsShown = 0;
    private readonly arrived: ((details: Details | null) => void)[] = [];
    private namesSeq = 0;
    private anchor = 0;
    /** The id of the row of the cursor, which other rows may move. */
    private current: string | undefined;
    private timer: ReturnType<typeof setTimeout> | undefined;

    constructor() {
        super();
        listen((message) => {
            this.heard(message);
            this.notify();
        });
        post({ type: 'ready' });
    }

    /** The number of rows, new ones first. */
    get count(): number {
        return this.staged.added.length + this.progress.matched;
    }

    get addedCount(): number {
        return this.staged.added.length;
    }

    get columns(): (Column & { title: string })[] {
        const known = new Map(this.layout.columns.map((column) => [column.id, column]));
        const fixed = COLUMNS.map(([id, title, width]) => ({
            ...(known.get(id) ?? { id, width }),
            title: title(),
        }));
        const fields = this.layout.columns.filter(({ id }) => id.startsWith('meta.'));
        return [...fixed, ...fields.map((one) => ({ ...one, title: one.id }))];
    }

    setColumns(columns: Column[]): void {
        this.setLayout({
            columns: columns.map(({ id, width, hidden }) => ({ id, width, ...(hidden ? { hidden } : {}) })),
        });
    }

    setDetails(details: number): void {
        this.setLayout({ details });
    }

    /** Use a filter when typing pauses. */
    setFilter(filter: string, now = false): void {
        this.filter = filter;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.open(), now ? 0 : TYPING);
        this.notify();
    }

    setSort(sort: string): void {
        this.descending = this.sort === sort && !this.descending;
        this.sort = sort;
        this.open();
        this.notify();
    }

    cancel(): void {
        post({ type: 'cancel' });
        this.progress = { ...this.progress, done: true };
        this.failure = t('Canceled: only some of the keys were searched.');
        this.notify();
    }

    open(): void {
        if (this.only) {
            this.askDetails();
            return;
        }
        this.seq += 1;
        const { seq, filter, sort, descending } = this;
        post({ type: 'open', seq, filter, sort, descending });
    }

    /** The row at a place, or undefined if it wasn't read yet. */
    at(index: number): Shown | undefined {
        const added = this.staged.added[index];
        if (added) {
            return { id: added.id, ref: { id: added.id }, name: added.now?.name ?? '', staged: added };
        }
        const row = this.pages.at(index - this.staged.added.length);
        if (!row) {
            return undefined;
        }
        const staged = this.staged.ofKey(row.name);
        return {
            id: `key:${row.name}`,
            ref: { key: row.name },
            name: staged?.now?.name ?? row.name,
            row,
            staged,
        };
    }

    /** Ask for the rows between two places that weren't read, or have changed since. */
    need(first: number, last: number): void {
        const { addedCount } = this;
        const { matched } = this.progress;
        this.pages.need(Math.max(0, first - addedCount), last - addedCount, matched, (offset, limit) => {
            post({ type: 'rows', seq: this.seq, offset, limit });
        });
    }

    select(index: number, how: 'one' | 'add' | 'range'): void {
        this.toAdded = this.toAdded === 'new' ? 'new' : undefined;
        this.cursor = Math.max(0, Math.min(index, this.count - 1));
        const shown = this.at(this.cursor);
        this.current = shown?.id;
        if (how === 'range') {
            this.selectRange(Math.min(this.anchor, this.cursor), Math.max(this.anchor, this.cursor));
        } else {
            this.anchor = this.cursor;
            if (how === 'one') {
                this.selected.clear();
            }
            if (shown && how === 'add' && this.selected.has(shown.id)) {
                this.selected.delete(shown.id);
            } else if (shown) {
                this.selected.set(shown.id, shown.ref);
            }
        }
        this.askDetails();
        this.notify();
    }

    /** Select all rows, or as many as a range may have. */
    selectAll(): void {
        this.anchor = 0;
        this.selectRange(0, this.count - 1);
        this.notify();
    }

    /** The selected rows, or the current one. */
    chosen(): RowRef[] {
        const current = this.at(this.cursor);
        return this.selected.size ? [...this.selected.values()] : current ? [current.ref] : [];
    }

    /** Whether some of these rows have changes. */
    hasChanged(rows: RowRef[]): boolean {
        return rows.some((row) => ('id' in row ? this.staged.get(row.id) : this.staged.ofKey(row.key)));
    }

    /** Forget a saved filter. */
    forget(name: string): void {
        const { [name]: _, ...filters } = this.layout.filters;
        this.setLayout({ filters });
    }

    askDetails(start = 0): void {
        const row = this.only ?? (this.layout.details ? this.at(this.cursor)?.ref : undefined);
        if (row) {
            this.detailsSeq += 1;
            post({ type: 'details', seq: this.detailsSeq, row, start });
        }
    }

    /** The details of the current row, once they are read. */
    currentDetails(): Promise<Details | null> {
        if (!this.layout.details) {
            this.setDetails(36);
            this.askDetails();
        }
        return this.detailsRead
            ? Promise.resolve(this.details)
            : new Promise((resolve) => this.arrived.push(resolve));
    }

    /** Change fields of a row; `column` is the cell that it was typed into. */
    edit(ref: RowRef, change: Partial<Content>, column?: string): void {
        post({ type: 'edit', row: ref, change: 'expiration' in change ? { ttl: undefined, ...change } : change, column });
    }

    /** Whether a row is new, and has no name yet. */
    isNew(ref: RowRef): boolean {
        return 'id' in ref && this.staged.get(ref.id)?.now?.name === '';
    }

    /** Add a row, and edit its key. */
    addRow(): void {
        this.toAdded = 'new';
        post({ type: 'add', contents: [{ name: '', value: { text: '' }, metadata: null, expiration: null }] });
    }

    /** Take a new row away if it has no name yet. */
    giveUp(): void {
        const row = this.at(this.cursor)?.ref;
        if (row && this.isNew(row)) {
            post({ type: 'restore', rows: [row] });
        }
    }

    /** Add a copy of the current row. */
    duplicate(): void {
        const [row] = this.chosen();
        if (row && !this.place.readOnly) {
            this.toAdded = 'copy';
            post({ type: 'duplicate', row });
        }
    }

    /** Delete the selected rows, or the current one, with the next save. */
    delete(): void {
        if (!this.place.readOnly) {
            post({ type: 'delete', rows: this.chosen() });
        }
    }

    /** Say something in the footer. */
    say(text: string): void {
        this.failure = text;
        this.canRetry = false;
        this.notify();
    }

    /** Keep metadata that can't be used, and say so. */
    keepDraft(name: string, text: string, problem: string): void {
        this.drafts.set(name, text);
        this.say(t('The metadata of "{0}" is not changed: {1}', name, problem));
    }

    paste(text: string): void {
        try {
            post({ type: 'add', contents: parseRows(text) });
        } catch (error) {
            this.say(error instanceof Error ? error.message : String(error));
        }
    }

    /** Whether the details that were asked for last have come. */
    get detailsRead(): boolean {
        return this.detailsShown === this.detailsSeq;
    }

    private setLayout(change: Partial<Layout>): void {
        this.layout = { ...this.layout, ...change };
        post({ type: 'layout', layout: this.layout });
        this.notify();
    }

    private selectRange(first: number, last: number): void {
        this.selected.clear();
        const end = Math.min(last, first + MOST_SELECTED - 1);
        let missing = false;
        for (let at = first; at <= end; at += 1) {
            const shown = this.at(at);
            if (shown) {
                this.selected.set(shown.id, shown.ref);
            } else {
                missing = true;
            }
        }
        if (missing) {
            this.namesSeq += 1;
            const offset = Math.max(0, first - this.staged.added.length);
            post({ type: 'names', seq: this.namesSeq, offset, limit: end - first + 1 });
        }
        if (end < last) {
            this.failure = t('{0} rows are selected, the most at once. Use a filter for more.', MOST_SELECTED);
        }
    }

    private usePlace(place: Place): void {
        this.place = place;
        keepClock(place.clock);
    }

    private heard(message: ToView): void {
        switch (message.type) {
            case 'start':
                translate(message.strings);
                this.usePlace(message.place);
                this.only = message.only;
                this.layout = message.layout;
                this.tokens = message.tokens;
                if (!this.started) {
                    this.started = true;
                    this.open();
                }
                return;
            case 'place':
                this.usePlace(message.place);
                return;
            case 'reopen':
                return this.open();
            case 'opened':
                return this.opened(message);
            case 'progress':
                this.progress = message.state;
                if (message.state.message) {
                    this.failure = message.state.message;
                    this.canRetry = true;
                }
                if (message.state.stale) {
                    this.pages.outdate();
                    this.askDetails();
                }
                return;
            case 'rows':
                return this.read(message);
            case 'staged':
                this.failure = this.canRetry ? this.failure : ''; // it was about something earlier
                return this.changed(message);
            case 'details':
                if (message.seq === this.detailsSeq) {
                    this.details = message.details;
                    this.failure = this.only ? '' : this.failure;
                    this.detailsShown = message.seq;
                    const arrived = this.arrived.splice(0);
                    setTimeout(() => arrived.forEach((resolve) => resolve(message.details))); // once they are drawn
                }
                return;
            case 'names':
                if (message.seq === this.namesSeq) {
                    for (const name of message.names) {
                        this.selected.set(`key:${name}`, { key: name });
                    }
                }
                return;
            case 'refused':
                this.refused(message);
                return;
            case 'act':
                return this.act(message.what);
            case 'error':
                this.toAdded = undefined;
                this.failure = message.text;
                this.canRetry = message.isReading;
        }
    }

    private opened({ seq, result }: Extract<ToView, { type: 'opened' }>): void {
        if (seq !== this.seq) {
            return;
        }
        this.failure = '';
        this.problem = result.problem
            ? { text: result.problem, start: result.start ?? 0, end: result.end ?? 0 }
            : undefined;
        if (result.view) {
            this.progress = result;
            this.sortLimit = result.sortLimit;
            this.pages.clear();
            this.goTo(this.staged.added.find(({ id }) => id === this.current)); // it is above all others
        }
    }

    /** Select a new row only, or without one nothing. */
    private goTo(row: StagedRow | undefined): void {
        this.cursor = this.anchor = row ? this.staged.added.indexOf(row) : 0;
        this.current = row?.id;
        this.selected.clear();
        if (row) {
            this.selected.set(row.id, { id: row.id });
        }
    }

    private read({ seq, offset, rows, matched }: Extract<ToView, { type: 'rows' }>): void {
        if (seq !== this.seq) {
            return;
        }
        const first = this.pages.isEmpty;
        this.pages.add(offset, rows, matched);
        this.progress = { ...this.progress, matched };
        this.follow();
        if (first && !this.selected.size) {
            this.askDetails();
        }
    }

    /** Type on in the cell whose text was refused. */
    private refused({ row, column, text, problem }: Extract<ToView, { type: 'refused' }>): void {
        const index = this.indexOf('id' in row ? row.id : `key:${row.key}`);
        if (index === undefined) {
            this.failure = problem;
            return;
        }
        this.cursor = index;
        this.editing = { id: 'id' in row ? row.id : `key:${row.key}`, column, text, problem };
    }

    /** Keep the cursor on its row when others come and go above it. */
    private follow(): void {
        const index = this.current === undefined ? undefined : this.indexOf(this.current);
        if (index === undefined) {
            this.current = this.at(this.cursor)?.id;
        } else {
            this.anchor += index - this.cursor;
            this.cursor = index;
        }
    }

    /** The place of a row among those that were read. */
    private indexOf(id: string): number | undefined {
        if (this.at(this.cursor)?.id === id) {
            return this.cursor;
        }
        const added = this.staged.added.findIndex((row) => row.id === id);
        if (added >= 0) {
            return added;
        }
        const at = this.pages.find(({ name }) => `key:${name}` === id);
        return at === undefined ? undefined : this.staged.added.length + at;
    }

    private changed({ changed, removed, count }: Extract<ToView, { type: 'staged' }>): void {
        const added = this.staged.update(changed, removed);
        this.stagedCount = count;
        const next = this.toAdded ? added : undefined;
        if (next) {
            this.goTo(next);
            this.toAdded = undefined;
            if (next.now?.name === '') {
                this.editing = { id: next.id, column: 'key', text: '' };
            }
        } else {
            this.follow();
        }
        for (const id of this.selected.keys()) {
            if (removed.includes(id) && !id.startsWith('key:')) {
                this.selected.delete(id); // a new row that was saved or taken back
            }
        }
        this.askDetails();
    }
}
