/** The rows with unsaved changes, as the extension last sent them. */

import type { StagedRow } from '../../src/table/messages';

export class StagedRows {
    private readonly byId = new Map<string, StagedRow>();
    private readonly byKey = new Map<string, StagedRow>();
    /** The new rows, in the order in which they were added. */
    added: StagedRow[] = [];

    get(id: string): StagedRow | undefined {
        return this.byId.get(id);
    }

    ofKey(key: string): StagedRow | undefined {
        return this.byKey.get(key);
    }

    /** Use what has changed; return the first row that was added by that. */
    update(changed: StagedRow[], removed: string[]): StagedRow | undefined {
        for (const id of [...removed, ...changed.map((row) => row.id)]) {
            const old = this.byId.get(id);
            this.byId.delete(id);
            if (old?.key != null) {
                this.byKey.delete(old.key);
            }
        }
        for (const row of changed) {
            this.byId.set(row.id, row);
            if (row.key !== null) {
                this.byKey.set(row.key, row);
            }
        }
        const before = new Set(this.added.map(({ id }) => id));
        this.added = [...this.byId.values()].filter((row) => row.key === null && row.now);
        return this.added.find(({ id }) => !before.has(id));
    }
}
