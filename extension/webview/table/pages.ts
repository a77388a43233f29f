/** The rows that were read of a long list, in pages; the pages that were read first are forgotten. */

const PAGE = 100; // rows in a request
const PAGES = 200; // kept

interface Page<Row> {
    rows: Row[];
    version: number;
    /** How many rows the list had when it was read, if that is known. */
    total?: number;
}

export class Pages<Row> {
    private readonly pages = new Map<number, Page<Row>>();
    private readonly asked = new Set<number>();
    private version = 0;

    get isEmpty(): boolean {
        return !this.pages.size;
    }

    /** The row at a place, or undefined if it wasn't read yet. */
    at(index: number): Row | undefined {
        return this.pages.get(Math.floor(index / PAGE))?.rows[index % PAGE];
    }

    /** The place of a row among those that were read. */
    find(is: (row: Row) => boolean): number | undefined {
        for (const [page, { rows }] of this.pages) {
            const at = rows.findIndex(is);
            if (at >= 0) {
                return page * PAGE + at;
            }
        }
        return undefined;
    }

    /** Ask for the pages between two rows of `total` that weren't read, or may have changed since. */
    need(first: number, last: number, total: number, ask: (offset: number, limit: number) => void): void {
        const end = Math.min(last, total - 1);
        for (let page = Math.floor(first / PAGE); page * PAGE <= end; page += 1) {
            const known = this.pages.get(page);
            const whole = Math.min(PAGE, total - page * PAGE);
            const complete = known && (known.rows.length >= whole || known.total === total);
            const fresh = complete && known.version === this.version;
            if (!fresh && !this.asked.has(page)) {
                this.asked.add(page);
                ask(page * PAGE, PAGE);
            }
        }
    }

    /** Keep a page that was asked for. */
    add(offset: number, rows: Row[], total?: number): void {
        const page = offset / PAGE;
        this.asked.delete(page);
        this.pages.delete(page);
        this.pages.set(page, { rows, version: this.version, total });
        for (const old of this.pages.keys()) {
            if (this.pages.size <= PAGES) {
                break;
            }
            this.pages.delete(old);
        }
    }

    /** Note that the rows may have changed: they are shown until they are read again. */
    outdate(): void {
        this.version += 1;
        this.asked.clear();
    }

    /** Forget all rows: the list is another one. */
    clear(): void {
        this.outdate();
        this.pages.clear();
    }
}
