/**
 * Changes of a table that aren't saved.
 *
 * Each row that was ever changed has its stored content and the wanted one. A step of undo is a
 * list of wanted contents, so that it still works after a save: it stages the inverse change.
 */

import type { Commands, EditParameters } from '../protocol';
import type { Body, Content, Edited, RowRef, StagedRow } from './messages';

/** A row's content in the store, when it was read or saved. */
export interface Stored {
    /** As `kvlens.apply` compares it; `''` for no key. */
    version: string;
    content: Content | null;
}

interface Item extends Stored {
    now: Content | null;
}

/** A change of one row: the wanted content before and after. */
export interface Step {
    id: string;
    before: Content | null;
    after: Content | null;
}

/** What a hot exit keeps. */
export interface Backup {
    items: [string, Item][];
    made: number;
}

/** The rows that were changed, and how they are stored. */
export class Staged {
    private items = new Map<string, Item>();
    private readonly changed = new Set<string>();
    private readonly byKey = new Map<string, string>();
    private made = 0;

    /** The number of rows that differ from the store. */
    get count(): number {
        return this.changed.size;
    }

    /** The id of a row, or undefined for a key that was never changed. */
    idOf(row: RowRef): string | undefined {
        return 'id' in row ? (this.items.has(row.id) ? row.id : undefined) : this.byKey.get(row.key);
    }

    /** The wanted content of a row; undefined if it isn't known. */
    contentOf(id: string): Content | null | undefined {
        return this.items.get(id)?.now;
    }

    /** The stored content of a row. */
    storedOf(id: string): Content | null {
        return this.itemOf(id).content;
    }

    isChanged(id: string): boolean {
        return this.changed.has(id);
    }

    /** Note how a row without changes is stored; return its id. */
    know(key: string | null, stored: Stored): string {
        const known = key === null ? undefined : this.byKey.get(key);
        if (known !== undefined) {
            if (!this.changed.has(known)) {
                this.items.set(known, { ...stored, now: stored.content });
            }
            return known;
        }
        this.made += 1;
        const id = `row${this.made}`;
        this.items.set(id, { ...stored, now: stored.content });
        if (key !== null) {
            this.byKey.set(key, id);
        }
        return id;
    }

    /** Make or undo steps; return the rows that changed. */
    set(contents: { id: string; content: Content | null }[]): StagedRow[] {
        return contents.map(({ id, content }) => {
            const item = this.items.get(id);
            if (!item) {
                throw new Error(`no row ${id}`);
            }
            item.now = content;
            if (isSame(item.content, content)) {
                this.changed.delete(id);
            } else {
                this.changed.add(id);
            }
            return this.row(id, item);
        });
    }

    /** The rows that differ from the store. */
    rows(): StagedRow[] {
        return [...this.changed].map((id) => this.row(id, this.itemOf(id)));
    }

    /** The names of keys to be written again whose values were too large to be kept. */
    lost(): string[] {
        return this.differences().flatMap(({ stored, now }) => (!stored && now && !now.value ? [now.name] : []));
    }

    /** The edits for `kvlens.apply`. */
    edits(): EditParameters[] {
        return [...this.changed].map((id) => editOf(this.itemOf(id)));
    }

    /** Whether another row than this one will have a name. */
    hasName(name: string, id: string): boolean {
        return [...this.changed].some((one) => one !== id && this.itemOf(one).now?.name === name);
    }

    /** The wanted and the stored content of each changed row. */
    differences(): { stored: Content | null; now: Content | null }[] {
        return [...this.changed].map((id) => {
            const { content, now } = this.itemOf(id);
            return { stored: content, now };
        });
    }

    /** The names that were stored, and those that will be, of all changed rows. */
    keys(): string[] {
        const names = this.differences().flatMap(({ stored, now }) => [stored?.name, now?.name]);
        return [...new Set(names.filter((name) => name !== undefined))];
    }

    /** Note that all changes are saved, with the versions of the keys now. */
    saved(versions: Map<string, string>): string[] {
        const ids = [...this.changed];
        for (const id of ids) {
            const item = this.itemOf(id);
            item.now &&= withoutTtl(item.now);
            this.store(id, item.now, (item.now && versions.get(item.now.name)) ?? '');
        }
        this.changed.clear();
        return ids;
    }

    /** Note which changes are in the store already, of the keys as they are now; return their ids. */
    settle(now: Map<string, Stored>): string[] {
        return [...this.changed].filter((id) => {
            const item = this.itemOf(id);
            const name = item.now?.name ?? item.content?.name ?? '';
            const found = now.get(name);
            const renamed = item.now && item.content && item.content.name !== name;
            const isThere =
                found &&
                isSame(found.content, item.now) &&
                !(renamed && now.get(item.content?.name ?? '')?.content);
            if (isThere) {
                this.store(id, found.content, found.version);
                this.changed.delete(id);
            }
            return isThere;
        });
    }

    /** Note that keys have other content now, which the user has chosen to overwrite. */
    overwrite(contents: Commands['kvlens.contents'][1]['contents']): void {
        for (const { key, version } of contents) {
            for (const id of this.changed) {
                const item = this.itemOf(id);
                if (item.content?.name === key) {
                    this.store(id, version ? item.content : null, version);
                    item.now = item.now && { ...item.content, ...item.now };
                } else if (item.content === null && item.now?.name === key) {
                    item.version = version;
                    item.content = { name: key };
                    this.byKey.set(key, id);
                }
            }
        }
    }

    /** Drop every change; return the ids of the rows that had some. */
    revert(): string[] {
        const ids = [...this.changed];
        this.set(ids.map((id) => ({ id, content: this.itemOf(id).content })));
        return ids;
    }

    backup(): Backup {
        return { items: [...this.items].filter(([id]) => this.changed.has(id)), made: this.made };
    }

    restore({ items, made }: Backup): void {
        this.items = new Map(items);
        this.made = made;
        for (const [id, { content }] of items) {
            this.changed.add(id);
            if (content) {
                this.byKey.set(content.name, id);
            }
        }
    }

    private store(id: string, content: Content | null, version: string): void {
        const item = this.itemOf(id);
        if (item.content) {
            this.byKey.delete(item.content.name);
        }
        item.content = content;
        item.version = version;
        if (content) {
            this.byKey.set(content.name, id);
        }
    }

    private row(id: string, item: Item): StagedRow {
        const { content, now } = item;
        return { id, key: content?.name ?? null, now, edited: content && now ? editedIn(editOf(item)) : [] };
    }

    private itemOf(id: string): Item {
        const item = this.items.get(id);
        if (!item) {
            throw new Error(`no row ${id}`);
        }
        return item;
    }
}

function withoutTtl({ ttl: _, ...content }: Content): Content {
    return content;
}

export function isSame(one: Content | null, other: Content | null): boolean {
    if (one === null || other === null) {
        return one === other;
    }
    return (
        one.name === other.name &&
        isSameBody(one.value, other.value) &&
        (one.metadata ?? null) === (other.metadata ?? null) &&
        (one.expiration ?? null) === (other.expiration ?? null)
    );
}

function isSameBody(one: Body | undefined, other: Body | undefined): boolean {
    return one === other || (one?.text === other?.text && one?.base64 === other?.base64);
}

function editedIn(edit: EditParameters): Edited[] {
    return [
        ...('to' in edit ? (['key'] as const) : []),
        ...('text' in edit || 'base64' in edit ? (['value'] as const) : []),
        ...('metadataText' in edit ? (['metadata'] as const) : []),
        ...('expirationTtl' in edit || 'expiration' in edit ? (['expires'] as const) : []),
    ];
}

function editOf({ version, content, now }: Item): EditParameters {
    if (now === null) {
        return { key: content?.name ?? '', version, delete: true };
    }
    const edit: EditParameters = { key: content?.name ?? now.name, version };
    if (content && content.name !== now.name) {
        edit.to = now.name;
    }
    if (!isSameBody(content?.value, now.value) || !content) {
        Object.assign(edit, now.value);
    }
    if ((content?.metadata ?? null) !== (now.metadata ?? null)) {
        edit.metadataText = now.metadata ?? null;
    }
    if (now.ttl !== undefined) {
        edit.expirationTtl = now.ttl;
    } else if ((content?.expiration ?? null) !== (now.expiration ?? null)) {
        edit.expiration = now.expiration ?? null;
    }
    return edit;
}
