/** A namespace that is open as a table, or one of its keys, with the unsaved changes. */

import * as vscode from 'vscode';
import { tableAt } from '../address';
import { mayBeHidden } from '../clockStatus';
import * as format from '../format';
import type { NamespaceRef } from '../model';
import type { Server } from '../server';
import { keyProblem, metadataProblem } from '../validate';
import { EDITED, type Read, readContents, storedOf } from './contents';
import type { Content, RowRef, StagedRow } from './messages';
import { SavePoint } from './savePoint';
import { saveStaged } from './saveStaged';
import { type Backup, isSame, Staged, type Step } from './staged';

/** The view type of the custom editor. */
export const VIEW_TYPE = 'kvlens.table';

/** Emitted when rows have changed in memory. */
export interface Changes {
    changed: StagedRow[];
    removed: string[];
}

/** What VS Code undoes and redoes. */
interface Edit {
    label: string;
    undo(): void;
    redo(): void;
    /** Whether VS Code may take the document for saved although it isn't. */
    seemsSaved: boolean;
}

/** A text that can't be what was typed; the cell is edited again. */
export class RefusedError extends Error {}

/** The document of the custom editor. */
export class TableDocument implements vscode.CustomDocument {
    readonly namespace: NamespaceRef;
    /** The key, if only its details are open. */
    readonly key?: string;
    readonly staged = new Staged();
    /** Whether the store takes no changes, as far as known. */
    readOnly = false;
    private readonly changes = new vscode.EventEmitter<Changes>();
    private readonly edits = new vscode.EventEmitter<Edit>();
    private readonly savePoint = new SavePoint();

    /** A key whose field is being typed into: what it had then is what the user has seen. */
    private held: string | undefined;
    private last: Promise<unknown> = Promise.resolve();

    readonly onDidChange = this.changes.event;
    readonly onDidEdit = this.edits.event;

    constructor(
        readonly uri: vscode.Uri,
        private readonly server: Server,
        backup?: Backup,
    ) {
        ({ namespace: this.namespace, key: this.key } = tableAt(uri));
        if (backup) {
            this.staged.restore(backup);
        }
    }

    dispose(): void {
        this.changes.dispose();
        this.edits.dispose();
    }

    /** Make the changes of a backup one edit. */
    recover(): void {
        const steps = this.staged.rows().map(
            ({ id, now }): Step => ({ id, before: this.staged.storedOf(id), after: now }),
        );
        this.fireEdit(vscode.l10n.t('Recovered Changes'), steps);
    }

    /** Wait until what was asked for is done. */
    idle(): Promise<unknown> {
        return this.last;
    }

    /**
     * Do one thing after the other. An edit that was made before a save is saved; one that is made
     * during a save would be taken for saved by VS Code, and waits.
     */
    private inTurn<T>(work: () => Promise<T>): Promise<T> {
        const result = this.last.then(work);
        this.last = result.catch(() => undefined);
        return result;
    }

    /** Note how a key is stored, as somebody begins to type: a save compares with that. */
    hold(row: RowRef): Promise<void> {
        return this.inTurn(async () => {
            this.held = undefined;
            await this.known(row);
            this.held = 'key' in row ? row.key : undefined;
        });
    }

    /**
     * Change fields of a row. A key that isn't there any more can't be changed.
     *
     * @throws RefusedError for a name that another key has, and for what no store takes
     */
    edit(row: RowRef, change: Partial<Content>): Promise<void> {
        return this.inTurn(() => this.change(row, change));
    }

    private async change(row: RowRef, change: Partial<Content>): Promise<void> {
        const id = await this.known(row);
        const before = this.staged.contentOf(id) ?? null;
        if (!before) {
            throw new Error(vscode.l10n.t('The key no longer exists. Refresh the table.') + mayBeHidden(this.namespace.config));
        }
        const problem = problemOf(change);
        if (problem !== undefined) {
            throw new RefusedError(problem);
        }
        if (change.name !== undefined && change.name !== before.name) {
            await this.checkName(id, change.name);
        }
        this.make(vscode.l10n.t('Edit'), [{ id, before, after: { ...before, ...change } }]);
    }

    private async checkName(id: string, name: string): Promise<void> {
        if (this.staged.idOf({ key: name }) === id) {
            return; // the row has its stored name again
        }
        let exists: boolean;
        try {
            exists = await this.isTaken(name, id);
        } catch (error) {
            throw new RefusedError(format.reason(error));
        }
        if (exists) {
            throw new RefusedError(
                vscode.l10n.t('There is a key "{0}" already. Use another name, or edit that key.', name),
            );
        }
    }

    /** Whether a row other than this one, or a key in the store, has a name. */
    private async isTaken(name: string, id: string): Promise<boolean> {
        return (
            this.staged.hasName(name, id) ||
            (await this.read([name], 0)).some(({ version }) => version !== '')
        );
    }

    /** The name of a copy of a key, which nothing has yet. */
    private async freeName(of: string): Promise<string> {
        let name = vscode.l10n.t('{0} copy', of);
        for (let n = 2; await this.isTaken(name, ''); n += 1) {
            name = vscode.l10n.t('{0} copy {1}', of, n);
        }
        const problem = keyProblem(name);
        if (problem !== undefined) {
            throw new Error(problem);
        }
        return name;
    }

    /** Add rows; one with the name of a stored key changes it. */
    add(contents: Content[], label = vscode.l10n.t('Add')): Promise<void> {
        return this.inTurn(() => this.addAll(contents, label));
    }

    private async addAll(contents: Content[], label: string): Promise<void> {
        for (const content of contents.filter(({ name }) => name)) { // a new row has no name yet
            const problem = problemOf(content);
            if (problem !== undefined) {
                throw new Error(vscode.l10n.t('{0} was not added. {1}', format.some([content.name]), problem));
            }
        }
        const last = new Map(contents.map((content) => [content.name, content]));
        await this.learn([...last.keys()].filter(Boolean));
        const steps = [...last.values()].map((after): Step => {
            const id = after.name ? this.staged.idOf({ key: after.name }) : undefined;
            const before = id === undefined ? null : (this.staged.contentOf(id) ?? null);
            const wanted = before ? { ...before, ...after } : after;
            return { id: id ?? this.fresh(), before, after: wanted };
        });
        this.make(label, steps);
    }

    /** Add a copy of a row, under another name. */
    duplicate(row: RowRef): Promise<void> {
        return this.inTurn(() => this.copy(row));
    }

    private async copy(row: RowRef): Promise<void> {
        const id = await this.known(row);
        const content = this.staged.contentOf(id);
        if (!content) {
            return;
        }
        if (!content.value) {
            throw new Error(
                vscode.l10n.t('The value is over 1 MiB. Use "KV Lens: Duplicate Key…" instead.'),
            );
        }
        const name = await this.freeName(content.name);
        this.make(vscode.l10n.t('Duplicate'), [
            { id: this.fresh(), before: null, after: { ...content, name } },
        ]);
    }

    /** Delete rows when the table is saved. */
    remove(rows: RowRef[]): Promise<void> {
        return this.inTurn(() => this.removeAll(rows));
    }

    private async removeAll(rows: RowRef[]): Promise<void> {
        const keys = rows.flatMap((row) => ('key' in row ? [row.key] : []));
        await this.learn(keys);
        const steps = rows.flatMap((row): Step[] => {
            const id = this.staged.idOf(row);
            const before = id === undefined ? null : (this.staged.contentOf(id) ?? null);
            return id !== undefined && before ? [{ id, before, after: null }] : [];
        });
        this.make(vscode.l10n.t('Delete'), steps);
    }

    /** Take back the changes of rows. */
    takeBack(rows: RowRef[]): Promise<void> {
        return this.inTurn(async () => this.takeBackAll(rows));
    }

    private takeBackAll(rows: RowRef[]): void {
        const steps = rows.flatMap((row): Step[] => {
            const id = this.staged.idOf(row);
            return id !== undefined && this.staged.isChanged(id)
                ? [{ id, before: this.staged.contentOf(id) ?? null, after: this.staged.storedOf(id) }]
                : [];
        });
        this.make(vscode.l10n.t('Take Back'), steps);
    }

    /**
     * Write all changes, or none.
     *
     * @throws CancellationError if keys have changed and the user doesn't overwrite them
     */
    save(where: string, compare: () => Thenable<unknown>): Promise<void> {
        return this.inTurn(async () => {
            const { server, namespace, staged } = this;
            const drop = (removed: string[]): void => this.changes.fire({ changed: [], removed });
            await saveStaged({ server, namespace, staged, drop }, where, compare);
            this.savePoint.saved();
        });
    }

    /** Drop every change. */
    revert(): Promise<void> {
        return this.inTurn(async () => {
            this.changes.fire({ changed: [], removed: this.staged.revert() });
            this.savePoint.reverted();
        });
    }

    /** Read keys and note how they are stored, except those with changes. */
    private async learn(keys: string[]): Promise<void> {
        const isKnown = (key: string): boolean => this.staged.idOf({ key }) !== undefined;
        const unchanged = keys.filter((key) => !this.staged.isChanged(this.staged.idOf({ key }) ?? ''));
        for (const one of await this.read(unchanged, EDITED)) {
            if (one.version || isKnown(one.key)) {
                this.staged.know(one.key, storedOf(one));
            }
        }
    }

    private async known(row: RowRef): Promise<string> {
        if ('key' in row && row.key !== this.held) {
            await this.learn([row.key]);
        }
        this.held = undefined;
        const id = this.staged.idOf(row);
        if (id === undefined) {
            throw new Error(vscode.l10n.t('The key no longer exists. Refresh the table.') + mayBeHidden(this.namespace.config));
        }
        return id;
    }

    private read(keys: string[], values: number): Promise<Read[]> {
        return readContents(this.server, this.namespace, keys, values);
    }

    private fresh(): string {
        return this.staged.know(null, { version: '', content: null });
    }

    private make(label: string, all: Step[]): void {
        const steps = all.filter(({ before, after }) => !isSame(before, after));
        if (!steps.length) {
            return;
        }
        this.set(steps, 'after');
        this.fireEdit(label, steps);
    }

    private set(steps: Step[], side: 'before' | 'after'): void {
        this.fire(this.staged.set(steps.map((step) => ({ id: step.id, content: step[side] }))));
    }

    private fireEdit(label: string, steps: Step[]): void {
        const undo = (): void => {
            this.savePoint.undone();
            this.set(steps, 'before');
        };
        const redo = (): void => {
            this.savePoint.redone();
            this.set(steps, 'after');
        };
        this.edits.fire({ label, undo, redo, seemsSaved: this.savePoint.made() });
    }

    private fire(rows: StagedRow[]): void {
        this.changes.fire({
            changed: rows.filter(({ id }) => this.staged.isChanged(id)),
            removed: rows.filter(({ id }) => !this.staged.isChanged(id)).map(({ id }) => id),
        });
    }
}

/** What of a change no store takes, which a save would only find out. */
function problemOf({ name, metadata }: Partial<Content>): string | undefined {
    return (
        (name === undefined ? undefined : keyProblem(name)) ??
        (metadata == null ? undefined : metadataProblem(metadata))
    );
}
