/** The state of a comparison: the rows that were read, the selection, and what is to be copied. */

import type { FilterToken } from '../../src/filterTokens';
import type { Planned, ShownSide, ToComparison, Which } from '../../src/compare/messages';
import type { ComparedKind, ComparedRow, ComparisonProgress } from '../../src/protocol';
import { listen, post, t, translate } from '../table/host';
import type { Filtered } from '../table/filter';
import { Pages } from '../table/pages';
import { Watched } from '../table/watched';

const MOST_SELECTED = 10_000; // by a range
const TYPING = 150; // ms without typing before a filter is used

export const KINDS: ComparedKind[] = ['right', 'left', 'changed', 'damaged', 'same'];
const NO_SIDE: ShownSide = { title: '', where: '', place: 'local', readOnly: true, word: '' };

export class CompareModel extends Watched implements Filtered {
    title = '';
    left = NO_SIDE;
    right = NO_SIDE;
    progress: ComparisonProgress = {
        counts: { same: 0, left: 0, right: 0, changed: 0, damaged: 0 },
        shown: 0,
        done: false,
        time: 0,
    };
    stale = false;
    failure = '';
    canRetry = false;
    started = false;
    busy = false;
    filter = '';
    problem: { text: string } | undefined;
    tokens: FilterToken[] = [];
    readonly layout = { filters: {} };
    kinds = new Set<ComparedKind>(KINDS.filter((kind) => kind !== 'same'));
    /** What a copy would do; its keys are the rows then. */
    plan: Planned | null = null;
    cursor = 0;
    readonly selected = new Set<string>();

    private readonly pages = new Pages<ComparedRow>();
    private seq = 0;
    private anchor = 0;
    private namesSeq = 0;
    private timer: ReturnType<typeof setTimeout> | undefined;

    constructor() {
        super();
        listen<ToComparison>((message) => {
            this.heard(message);
            this.notify();
        });
        post({ type: 'ready' });
    }

    /** The number of rows. */
    get count(): number {
        const { plan } = this;
        return plan ? plan.new + plan.overwritten + plan.deleted : this.progress.shown;
    }

    setFilter(filter: string, now = false): void {
        this.filter = filter;
        clearTimeout(this.timer);
        this.timer = setTimeout(() => this.show(), now ? 0 : TYPING);
        this.notify();
    }

    /** Comparisons have no saved filters. */
    forget(): void {}

    toggle(kind: ComparedKind): void {
        if (!this.kinds.delete(kind)) {
            this.kinds.add(kind);
        }
        this.show();
        this.notify();
    }

    at(index: number): ComparedRow | undefined {
        return this.pages.at(index);
    }

    /** Ask for the rows between two places that weren't read, or may have changed since. */
    need(first: number, last: number): void {
        this.pages.need(first, last, this.count, (offset, limit) => this.ask('rows', offset, limit));
    }

    select(index: number, how: 'one' | 'add' | 'range'): void {
        this.cursor = Math.max(0, Math.min(index, this.count - 1));
        if (this.plan) {
            this.notify();
            return;
        }
        const name = this.at(this.cursor)?.name;
        if (how === 'range') {
            this.selectRange(Math.min(this.anchor, this.cursor), Math.max(this.anchor, this.cursor));
        } else {
            this.anchor = this.cursor;
            if (how === 'one') {
                this.selected.clear();
            }
            if (name !== undefined && !(how === 'add' && this.selected.delete(name))) {
                this.selected.add(name);
            }
        }
        this.notify();
    }

    selectAll(): void {
        if (this.plan) {
            return;
        }
        this.selected.clear();
        if (this.count > MOST_SELECTED) {
            this.failure = t('At most {0} rows can be selected. Copy All takes all of them.', MOST_SELECTED.toLocaleString());
        } else if (this.count) {
            this.selectRange(0, this.count - 1);
        }
        this.notify();
    }

    selectNone(): void {
        this.selected.clear();
        this.notify();
    }

    /** Show what copying the selected rows does, or all rows that are shown. */
    preview(to: Which, deletes = false): void {
        const keys = this.plan ? this.plan.keys : this.selected.size ? [...this.selected] : null;
        post({ type: 'plan', to, keys, deletes });
    }

    /** Go back from the preview. */
    leave(): void {
        this.plan = null;
        this.again();
        this.notify();
    }

    diff(): void {
        const row = this.at(this.cursor);
        if (row) {
            post({ type: 'diff', key: row.name });
        }
    }

    chosen(): string[] {
        const name = this.at(this.cursor)?.name;
        return this.selected.size ? [...this.selected] : name === undefined ? [] : [name];
    }

    private ask(type: 'rows' | 'names', offset: number, limit: number): void {
        const seq = type === 'rows' ? this.seq : this.namesSeq;
        post({ type, seq, offset, limit, planned: this.plan !== null });
    }

    private selectRange(first: number, last: number): void {
        this.selected.clear();
        const end = Math.min(last, first + MOST_SELECTED - 1);
        let missing = false;
        for (let at = first; at <= end; at += 1) {
            const name = this.at(at)?.name;
            missing ||= name === undefined;
            if (name !== undefined) {
                this.selected.add(name);
            }
        }
        if (missing) {
            this.namesSeq += 1;
            this.ask('names', first, end - first + 1);
        }
        if (end < last) {
            this.failure = t('{0} rows are selected, the most at once. Copy all to have more.', MOST_SELECTED);
        }
    }

    private show(): void {
        this.seq += 1;
        post({ type: 'show', seq: this.seq, filter: this.filter, kinds: [...this.kinds] });
    }

    /** Read all rows again. */
    private again(): void {
        this.seq += 1;
        this.pages.clear();
        this.cursor = Math.max(0, Math.min(this.cursor, this.count - 1));
    }

    private heard(message: ToComparison): void {
        switch (message.type) {
            case 'start':
                translate(message.strings);
                this.title = message.title;
                this.left = message.left;
                this.right = message.right;
                this.progress = message.progress;
                this.tokens = message.tokens;
                this.failure = '';
                this.stale = false;
                this.plan = null;
                if (this.started) {
                    this.show();
                }
                this.started = true;
                return this.again();
            case 'state': {
                const { comparison: _, stale, message: why, ...progress } = message.state;
                const ended = progress.done && !this.progress.done;
                this.progress = progress;
                this.stale = stale ?? false;
                if (why) {
                    this.failure = why;
                    this.canRetry = true;
                }
                if ((ended || progress.done) && !this.plan) {
                    this.pages.outdate(); // the rows may be others
                }
                return;
            }
            case 'shown':
                if (message.seq === this.seq) {
                    this.progress = message.progress;
                    this.problem = message.problem === undefined ? undefined : { text: message.problem };
                    this.again();
                    this.cursor = 0;
                    this.selected.clear();
                }
                return;
            case 'rows':
                if (message.seq === this.seq) {
                    this.pages.add(message.offset, message.rows);
                }
                return;
            case 'names':
                if (message.seq === this.namesSeq) {
                    message.names.forEach((name) => this.selected.add(name));
                }
                return;
            case 'planned':
                this.plan = message.plan;
                if (!message.plan) {
                    this.selected.clear();
                }
                return this.again();
            case 'busy':
                this.busy = message.busy;
                return;
            case 'error':
                this.failure = message.text;
                this.canRetry = message.canRetry;
        }
    }
}
