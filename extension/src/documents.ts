/**
 * Values as files: a save loses nothing. The editor reads the stored bytes; only JSON on one line
 * gets a line for each item, and is saved on one line again.
 *
 * When the editor saves, it compares the time and size of the file, and asks if they aren't those
 * of the file it has read. So a value's time changes with its bytes, and its size distinguishes it
 * from other values. If the value changes between that check and the write, the store refuses.
 */

import { createHash } from 'node:crypto';
import * as vscode from 'vscode';
import { isNamespace, placeOf, SCHEME, uriOf } from './address';
import { nowIn } from './clock';
import { mayBeHidden } from './clockStatus';
import { bodyOf, decode, dump, type Form, formOf, marksOf } from './contents';
import { languageOf } from './contentType';
import { follow, type Origin, saveElsewhere } from './elsewhere';
import * as format from './format';
import { inStyle, jsonProblem, type JsonStyle, styleOf, withLines } from './jsonStyle';
import { fail, fault } from './messages';
import { reference } from './model';
import type { Changed, Commands, Extras, Project, Value } from './protocol';
import { isModified, type Server, ServerDown } from './server';
import { peek, read, type Whole } from './values';

const { t } = vscode.l10n;

const MARKS = 1 << 20; // added to a size: less than any size limit
const SETTLED = 400; // ms: an older check of the file wasn't for this write
const SAVING = 5000; // ms from a requested save to its write, at most
const PINNED = 2000; // ms after a write in which the file is reported as written
const LONGEST = 2 ** 31 - 1; // ms; the longest timer
const ORIGINS = 'kvlens.origins'; // in the workspace's state
const MOST_ORIGINS = 500; // documents; older ones are forgotten

/** A value at a moment. */
export interface Version extends Extras {
    bytes: Uint8Array;
    /** The digest that the store compares. */
    digest: string;
    form: Form;
    /** Milliseconds; changes with the bytes. */
    mtime: number;
    /** Not the number of bytes: the editor considers files of the same size equal. */
    size: number;
}

/** A text as the editor got it. */
interface Read {
    text: string;
    mtime: number;
    size: number;
}

/** What the editor knows about a value. */
interface Seen extends Origin {
    uri: vscode.Uri;
    last?: Version;
    /** Whether its store takes no changes. */
    readOnly?: boolean;
    /** Where the last value was read; the shown one may be from elsewhere. */
    lastOrigin?: Origin;
    /** The digest of the value that the editor shows. */
    shown?: string;
    /** What was last read for the editor, or written from it. */
    read?: Read;
    /** What the text in the editor comes from. */
    base?: Read;
    /** The stored value that the user compares with the text in the editor, and saves since. */
    compared?: { digest: string; saves: number };
    /** The digest of that value, once the user saves: it may be overwritten. */
    settled?: string;
    /** How the value is stored if the editor shows it with a line for each item. */
    style?: JsonStyle;
    /** The byte order marks that the editor has read, but doesn't show. */
    marks?: number;
    /** The digests that the editor got from its checks, newest last, and when it first got them. */
    looks: { digest: string; since: number }[];
    /** The last write, for a moment. */
    written?: { version: Version; at: number; looked: boolean };
    gone?: boolean;
}

/** A save that the editor has announced. */
interface Asked {
    text: string;
    at: number;
    /** Whether the user's settings requested it, not the user. */
    byItself: boolean;
}

/** The versions of an edited value that another program has changed, as the editor shows them. */
export interface Conflict {
    base: string;
    theirs: string;
    mine: string;
    /** Of the stored value. */
    digest: string;
}

/** Reads and writes values through the server. */
export class Documents implements vscode.FileSystemProvider, vscode.Disposable {
    private readonly files = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
    private readonly forms = new vscode.EventEmitter<void>();
    private readonly conflicts = new vscode.EventEmitter<vscode.Uri>();
    private readonly seen = new Map<string, Seen>();
    private readonly asked = new Map<string, Asked>();
    private readonly subscriptions: vscode.Disposable[];
    private timer: NodeJS.Timeout | undefined;
    /** When an open dialog, such as "Save As…", listed the keys of a namespace. */
    private browsed = Number.POSITIVE_INFINITY;

    readonly onDidChangeFile = this.files.event;
    /** Fired when a value, its metadata or expiration may have changed. */
    readonly onDidChangeForm = this.forms.event;
    /** Fired when the user saves a value that another program has changed. */
    readonly onDidMeetConflict = this.conflicts.event;

    /** The workspace's state outlives the window, as unsaved texts do. */
    constructor(
        private readonly server: Server,
        private readonly state: vscode.Memento,
    ) {
        this.subscriptions = [
            this.files,
            this.forms,
            this.conflicts,
            vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
            vscode.workspace.onWillSaveTextDocument(({ document, reason }) => {
                if (document.uri.scheme === SCHEME) {
                    const byItself = reason !== vscode.TextDocumentSaveReason.Manual;
                    const asked = { text: document.getText(), at: Date.now(), byItself };
                    this.asked.set(document.uri.toString(), asked);
                    if (!byItself) {
                        this.meet(document.uri);
                    }
                }
            }),
            vscode.workspace.onDidChangeTextDocument(({ document }) => this.reverted(document)),
            vscode.workspace.onDidCloseTextDocument((document) => this.forget(document)),
            server.onChanged((change) => void this.changed(change)),
            server.onStatus(({ config, state }) => {
                if (state === 'running') {
                    void this.changed({ config }); // perhaps on another store
                }
            }),
        ];
    }

    dispose(): void {
        clearTimeout(this.timer);
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    /** Return the last read value of a document. */
    known(uri: vscode.Uri): Version | undefined {
        return this.seen.get(uri.toString())?.last;
    }

    /** Return the versions of an edited value that another program has changed since. */
    conflict(uri: vscode.Uri): Conflict | undefined {
        const seen = this.seen.get(uri.toString());
        const { last, shown, base, settled } = seen ?? {};
        const document = documentOf(uri);
        if (!seen || !last || !base || !document?.isDirty || seen.gone || last.form !== 'text') {
            return undefined;
        }
        if (last.digest === shown || last.digest === settled) {
            return undefined;
        }
        const theirs = decode(this.shownBytes(seen, last)) ?? '';
        return { base: base.text, theirs, mine: document.getText(), digest: last.digest };
    }

    /**
     * Note that the user sees the versions of a conflict: a save is the answer.
     *
     * But the first one isn't the user's: VS Code's merge editor saves its result when it opens.
     */
    compared(uri: vscode.Uri, { digest }: Conflict): void {
        const seen = this.seen.get(uri.toString());
        if (seen) {
            seen.compared = { digest, saves: 0 };
        }
    }

    /** Show the versions of a value that is being saved, or accept that the user has seen them. */
    private meet(uri: vscode.Uri): void {
        const conflict = this.conflict(uri);
        const seen = this.of(uri);
        if (conflict && seen.compared?.digest === conflict.digest) {
            seen.compared.saves += 1;
            seen.settled = seen.compared.saves > 1 ? conflict.digest : undefined;
        } else if (conflict) {
            this.conflicts.fire(uri);
        }
    }

    watch(): vscode.Disposable {
        return new vscode.Disposable(() => {}); // the server reports every change
    }

    async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
        if (isNamespace(uri)) {
            // VS Code checks the folder before it rewrites a deleted value
            return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
        }
        const seen = this.of(uri);
        let version: Version;
        if (seen.written && (!seen.written.looked || Date.now() < seen.written.at + PINNED)) {
            version = seen.written.version;
            seen.written.looked = true;
        } else {
            seen.written = undefined;
            version = await this.fetch(seen);
        }
        const { digest, mtime, size, form, bytes } = version;
        if (seen.looks.at(-1)?.digest !== digest) {
            seen.looks = [...seen.looks.slice(-1), { digest, since: Date.now() }];
        }
        if (seen.base && seen.settled === digest) {
            const { mtime, size } = seen.base; // not newer than what the editor has read
            return { type: vscode.FileType.File, ctime: 0, mtime, size };
        }
        const file = { type: vscode.FileType.File, ctime: 0, mtime };
        const permissions = vscode.FilePermission.Readonly;
        if (placeOf(uri).view === 'raw' || form !== 'text') {
            return { ...file, size: bytes.length, permissions };
        }
        return seen.readOnly ? { ...file, size, permissions } : { ...file, size };
    }

    async readFile(uri: vscode.Uri): Promise<Uint8Array> {
        const seen = this.of(uri);
        const version = await this.fetch(seen).catch((error) => {
            if ((error as vscode.FileSystemError).code === 'Unknown') {
                void fail((error as Error).message); // the editor's own page gives no reason
            }
            throw error;
        });
        const { bytes, digest, mtime, size } = version;
        seen.shown = digest;
        seen.marks = bytes.length ? marksOf(decode(bytes)) : undefined;
        const shown = this.shownBytes(seen, version);
        seen.read = { text: decode(shown) ?? '', mtime, size };
        if (!documentOf(uri)?.isDirty) {
            this.setOrigin(seen, seen.lastOrigin);
        }
        return shown;
    }

    /** Return what the editor shows of a value. */
    private shownBytes(seen: Seen, version: Version): Uint8Array {
        if (placeOf(seen.uri).view === 'raw' || version.form === 'mixed') {
            return version.bytes;
        }
        return version.form === 'binary' ? dump(version.bytes) : this.withLines(seen, version);
    }

    /** Return a text as the editor shows it, and note how to store it. */
    private withLines(seen: Seen, { bytes, metadata }: Version): Uint8Array {
        const text = decode(bytes) ?? '';
        if (seen.style && jsonProblem(text) !== undefined) {
            return bytes; // it was saved unfinished, and will be JSON again
        }
        const isJson = languageOf(placeOf(seen.uri).key, metadata, text) === 'json';
        const style = isJson ? styleOf(text) : undefined;
        const shown = style && withLines(text, style);
        seen.style = shown === undefined ? undefined : style;
        return shown === undefined ? bytes : Buffer.from(shown);
    }

    /** Return the bytes to store for what the editor saves. */
    private stored(seen: Seen, content: Uint8Array): Uint8Array {
        if (seen.shown === undefined && seen.last?.form === 'text') {
            this.withLines(seen, seen.last); // the editor has restored its text without reading it
        }
        const source = seen.last ? undefined : sourceOf(seen.uri, content);
        const style = seen.style ?? (source && this.seen.get(source.uri.toString())?.style);
        const text = style && decode(content);
        return text ? Buffer.from(inStyle(text, style)) : content;
    }

    async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
        const place = placeOf(uri);
        const { config, id, key } = place;
        const seen = this.of(uri);
        const asked = this.asked.get(uri.toString());
        this.asked.delete(uri.toString());
        this.check(seen, content, asked);
        const stored = this.stored(seen, content);
        const write = { config, id, key, ...bodyOf(stored) };
        if (seen.gone && !documentOf(uri)) {
            await this.put(seen, { ...write, expected: '' }); // "Save As…" makes a new key
        } else {
            const { gone } = seen;
            const problem = gone ? undefined : await this.replace(seen, write, content);
            if (gone || problem) {
                const put = (to: Write): Promise<void> => this.put(seen, to);
                const why = { byItself: asked?.byItself, problem };
                const saved = await saveElsewhere(this.server, place, seen, stored, put, why);
                const { store, declared } = saved;
                seen.lastOrigin = { store, declared };
                this.setOrigin(seen, seen.lastOrigin);
                seen.last = undefined;
                if (saved.uri.toString() !== uri.toString()) {
                    this.followOnceSaved(uri, saved.uri);
                }
            }
        }
        const version = this.remember(seen, stored, seen.last);
        const { mtime, size } = version;
        seen.written = { version, at: Date.now(), looked: false };
        seen.read = { text: decode(content) ?? '', mtime, size };
        seen.base = seen.read;
        seen.compared = undefined;
        seen.settled = undefined;
        seen.shown = version.digest;
        seen.looks = [{ digest: version.digest, since: 0 }];
        setTimeout(() => void this.refresh(seen), PINNED);
    }

    async delete(uri: vscode.Uri): Promise<void> {
        const { config, id, key } = placeOf(uri);
        await this.server.ask('kvlens.delete', { config, id, keys: [key] });
    }

    readDirectory(): [string, vscode.FileType][] {
        this.browsed = Date.now();
        for (const [id, { uri }] of this.seen) {
            if (!isOpen(uri)) {
                this.seen.delete(id);
            }
        }
        return [];
    }

    createDirectory(): void {
        throw fault(
            'NoPermissions',
            t('A namespace has keys, not folders. For a key with a slash, use "KV Lens: Put Key…".'),
        );
    }

    /** Rename a key within its namespace; VS Code has asked about an existing one. */
    async rename(from: vscode.Uri, to: vscode.Uri): Promise<void> {
        const [{ view: _, ...old }, place] = [placeOf(from), placeOf(to)];
        if (old.id !== place.id || old.config !== place.config) {
            throw fault('NoPermissions', t('A key can only be renamed in its own namespace.'));
        }
        const { renamed } = await this.server.ask('kvlens.rename', { ...old, to: place.key });
        if (!renamed) {
            throw fault('NoPermissions', t('There is a key "{0}" already.', place.key));
        }
    }

    /** Refuse to write bytes other than those of the text that the user sees. */
    private check({ uri, last, marks }: Seen, content: Uint8Array, asked?: Asked): void {
        const { key, view } = placeOf(uri);
        const refuse: (why: string) => never = (why) => {
            throw fault('NoPermissions', t('"{0}" was not saved: {1}', key, why));
        };
        const source = this.copied(uri, content);
        if (source) {
            refuse(t('"{0}" is shown as text, and its bytes would change.', source));
        }
        if (view === 'raw' || (last && last.form !== 'text')) {
            const mixed = last?.form === 'mixed';
            refuse(mixed ? t('its line endings would change.') : t("it isn't UTF-8 text."));
        }
        const document = documentOf(uri);
        if (!document) {
            return;
        }
        const current = asked && Date.now() < asked.at + SAVING;
        const shown = current ? asked.text : document.getText();
        if (/\p{Surrogate}/u.test(shown)) {
            refuse(t("it has half of a character (a lone surrogate), which UTF-8 can't represent."));
        }
        const text = decode(content);
        const hidden = marksOf(text) - marksOf(shown);
        if (text === undefined || (marks !== undefined && marks !== hidden)) {
            refuse(
                t(
                    'the selected encoding would change its bytes. Select "{0}" in the status bar.',
                    marks ? 'UTF-8 with BOM' : 'UTF-8',
                ),
            );
        }
        if (text.slice(hidden) !== shown) {
            refuse(
                current
                    ? t(
                          "its text changed while it was being saved. Undo the changes that you didn't " +
                              'type, and use "File: Save without Formatting".',
                      )
                    : t(
                          'the editor would save different text than it shows. Select the encoding ' +
                              '"UTF-8", or save again.',
                      ),
            );
        }
    }

    /** Return the key whose read-only text "Save As…" is about to write, if any. */
    private copied(uri: vscode.Uri, content: Uint8Array): string | undefined {
        const source = sourceOf(uri, content);
        const form = source && this.known(source.uri)?.form;
        return form && form !== 'text' ? placeOf(source.uri).key : undefined;
    }

    /** Set a new value for an existing key; return why that is impossible, except conflicts. */
    private async replace(seen: Seen, write: Write, content: Uint8Array): Promise<unknown> {
        // The editor has compared what it got from its check. A later check, just before
        // this write, was somebody else's, unless the editor has read that value by now. "Save
        // As…" asks about what it got when it listed the keys, and reads the value after that.
        const newest = seen.looks.at(-1);
        const fresh = newest?.digest !== seen.shown && Date.now() < (newest?.since ?? 0) + SETTLED;
        const asking = this.isInDialog(seen) && sourceOf(seen.uri, content) !== undefined;
        this.browsed = Number.POSITIVE_INFINITY;
        const expected = seen.settled ?? ((fresh || asking) && seen.looks.at(-2) || newest)?.digest;
        const { store, declared } = seen;
        const { binding, environment } = placeOf(seen.uri);
        const origin = { store, declared, name: { binding, environment } };
        try {
            await this.put(seen, { ...write, ...origin, keep: true, expected });
            return undefined;
        } catch (error) {
            if (error instanceof vscode.FileSystemError || error instanceof ServerDown) {
                throw error;
            }
            return error;
        }
    }

    /** Show a value where it was saved, once the editor knows about the save. */
    private followOnceSaved(from: vscode.Uri, to: vscode.Uri): void {
        const id = from.toString();
        const saved = vscode.workspace.onDidSaveTextDocument(({ uri }) => {
            if (uri.toString() === id) {
                saved.dispose();
                void follow(from, to);
            }
        });
    }

    /** Move the documents of moved keys; those with changes move when they are saved. */
    private async moved(config: string, from: string, to: string): Promise<void> {
        const project = await this.project(config);
        const space = project?.namespaces.find(({ id }) => id === to);
        if (!project || !space) {
            return;
        }
        for (const seen of [...this.seen.values()]) {
            const { key, view, ...place } = placeOf(seen.uri);
            if (place.config !== config || place.id !== from || view) {
                continue;
            }
            const there = (id: string): Promise<Value | null> =>
                peek(this.server, { config, id }, key).catch(() => null);
            if (!(await there(from)) && (await there(to))) {
                seen.movedTo = reference(project, space);
                await follow(seen.uri, uriOf(seen.movedTo, key));
            }
        }
    }

    /** Give tabs without changes the name that their namespace has in the config now. */
    private async renamed(config: string): Promise<void> {
        const open = [...this.seen.values()].filter(({ uri }) => placeOf(uri).config === config);
        const project = open.length ? await this.project(config) : undefined;
        if (!project) {
            return;
        }
        for (const { uri } of open) {
            const { id, binding, environment, key, view } = placeOf(uri);
            const same = project.namespaces.filter((one) => one.id === id);
            const named = same.some(
                (one) => one.binding === binding && one.environment === environment,
            );
            if (same.length && !named && !view) {
                await follow(uri, uriOf(reference(project, same[0]), key));
            }
        }
    }

    /** Return a project as the server knows it; undefined if it doesn't answer. */
    private async project(config: string): Promise<Project | undefined> {
        const projects = await this.server.ask('kvlens.namespaces', {}).catch(() => []);
        return projects.find((one) => one.config === config);
    }

    private async put(seen: Seen, write: Write): Promise<void> {
        try {
            await this.server.ask('kvlens.put', write);
        } catch (error) {
            if (isModified(error)) {
                seen.written = undefined;
                if (seen.last) {
                    // The editor compares what it has read before it saves again.
                    seen.last.mtime = Math.max(Date.now(), seen.last.mtime + 1);
                    seen.last.size += 1;
                }
                throw fault(
                    'Unavailable',
                    t(
                        'Another program has just changed "{0}". Nothing was overwritten. ' +
                            'Save again to compare.',
                        write.key,
                    ),
                );
            }
            throw error;
        }
    }

    private of(uri: vscode.Uri): Seen {
        const id = uri.toString();
        let seen = this.seen.get(id);
        if (!seen) {
            // For a restored document, only the address says where it was read.
            const { binding, id: space } = placeOf(uri);
            seen = { uri, looks: [], declared: binding !== space || undefined };
            Object.assign(seen, this.state.get<Origins>(ORIGINS, {})[id]);
            this.seen.set(id, seen);
        }
        return seen;
    }

    private async fetch(seen: Seen): Promise<Version> {
        const { config, id, key, binding } = placeOf(seen.uri);
        let value: Whole | null;
        try {
            value = await read(this.server, { config, id }, key);
        } catch (error) {
            const text = format.reason(error);
            throw error instanceof ServerDown
                ? fault('Unavailable', text)
                : fault('Unknown', text);
        }
        if (!value) {
            seen.gone = true;
            throw fault('FileNotFound', t('There is no key "{0}" in {1}.', key, binding) + mayBeHidden(config));
        }
        seen.lastOrigin = { store: value.store, declared: value.declared };
        seen.readOnly = value.readOnly;
        return this.remember(seen, value.bytes, value);
    }

    private remember(seen: Seen, bytes: Uint8Array, extras: Extras = {}): Version {
        const { last } = seen;
        const { expiration, metadata } = extras;
        const digest = createHash('sha256').update(bytes).digest('hex');
        seen.gone = false;
        if (last?.digest === digest) {
            const before = JSON.stringify([last.expiration, last.metadata]);
            Object.assign(last, { expiration, metadata });
            if (before !== JSON.stringify([expiration, metadata])) {
                this.forms.fire();
            }
            this.checkAtExpiry();
            return last;
        }
        let size = bytes.length + (Number.parseInt(digest.slice(0, 8), 16) % MARKS);
        if (size === last?.size) {
            size += 1;
        }
        const mtime = Math.max(Date.now(), (last?.mtime ?? 0) + 1);
        seen.last = { bytes, digest, form: formOf(bytes), mtime, size, expiration, metadata };
        this.forms.fire();
        this.checkAtExpiry();
        return seen.last;
    }

    /** Note where the value in the editor was read, also for when the window is restored. */
    private setOrigin(seen: Seen, origin: Origin = {}): void {
        const { store, declared } = origin;
        const id = seen.uri.toString();
        const known = this.state.get<Origins>(ORIGINS, {});
        if (known[id]?.store !== store || known[id]?.declared !== declared) {
            const others = Object.entries(known).filter(([other]) => other !== id);
            const latest = [...others, [id, { store, declared }]].slice(-MOST_ORIGINS);
            void this.state.update(ORIGINS, Object.fromEntries(latest));
        }
        Object.assign(seen, { store, declared, movedTo: undefined, base: seen.read });
    }

    /** After a revert, a document shows the value that was read last. */
    private reverted(document: vscode.TextDocument): void {
        if (document.uri.scheme !== SCHEME) {
            return; // every key that is typed in any file comes here
        }
        const seen = this.seen.get(document.uri.toString());
        if (seen?.lastOrigin && !document.isDirty && !seen.written) {
            this.setOrigin(seen, seen.lastOrigin);
            this.forms.fire();
        }
    }

    private forget(document: vscode.TextDocument): void {
        const id = document.uri.toString();
        if (document.uri.scheme !== SCHEME) {
            return;
        }
        // A change of language closes and reopens a document: check when that is done.
        setTimeout(() => {
            if (!vscode.workspace.textDocuments.some((open) => open.uri.toString() === id)) {
                this.seen.delete(id);
                this.asked.delete(id);
            }
        });
    }

    /** Whether the editor has read a value to ask about it in a dialog. */
    private isInDialog(seen: Seen): boolean {
        return (seen.looks.at(-1)?.since ?? 0) > this.browsed;
    }

    /** Notify the editor about open values that have changed. */
    private async changed(change: Changed): Promise<void> {
        const { config, moved } = change;
        if (config && moved) {
            await this.moved(config, moved.old, moved.new);
        } else if (config && !change.id) {
            await this.renamed(config);
        }
        for (const seen of [...this.seen.values()]) {
            const { config, id } = placeOf(seen.uri);
            const other = change.config !== undefined && change.config !== config;
            if (!other && (!change.id || change.id === id)) {
                await this.refresh(seen);
            }
        }
    }

    private async refresh(seen: Seen): Promise<void> {
        const { uri, gone } = seen;
        if (!isOpen(uri)) {
            if (!this.isInDialog(seen)) {
                this.seen.delete(uri.toString());
            }
            return;
        }
        try {
            const { digest } = await this.fetch(seen);
            if (!documentOf(uri)?.isDirty) {
                this.setOrigin(seen, { ...seen.lastOrigin, declared: seen.declared });
            }
            if (digest === seen.shown && !gone) {
                return;
            }
            if (seen.written && Date.now() < seen.written.at + SETTLED) {
                // The editor is about to check what it wrote, and must not see another value.
                setTimeout(() => void this.refresh(seen), SETTLED);
                return;
            }
            seen.written = undefined;
            const changed = { type: vscode.FileChangeType.Changed, uri };
            const created = { type: vscode.FileChangeType.Created, uri };
            this.files.fire(gone ? [created, changed] : [changed]);
        } catch (error) {
            if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') {
                seen.written = undefined;
                this.files.fire([{ type: vscode.FileChangeType.Deleted, uri }]);
            }
        }
    }

    /** Check again when the next open value expires: the server doesn't report that. */
    private checkAtExpiry(): void {
        const left = [...this.seen.values()].map(({ uri, last, gone }) =>
            !gone && last?.expiration
                ? last.expiration - nowIn(placeOf(uri).config)
                : Number.POSITIVE_INFINITY,
        );
        const next = Math.min(...left);
        clearTimeout(this.timer);
        if (next < Number.POSITIVE_INFINITY) {
            const delay = Math.max(1000, next * 1000 + 50);
            this.timer = setTimeout(() => void this.changed({}), Math.min(delay, LONGEST));
        }
    }
}

type Write = Commands['kvlens.put'][0];
type Origins = Record<string, Origin>;

/** Return the document that "Save As…" is about to write to an address, if any. */
function sourceOf(uri: vscode.Uri, content: Uint8Array): vscode.TextDocument | undefined {
    const source = vscode.window.activeTextEditor?.document;
    if (!source || source.uri.toString() === uri.toString()) {
        return undefined;
    }
    const made = !content.length && !documentOf(uri); // "Save As…" creates an empty file first
    const lines = (text?: string): string | undefined => text?.replaceAll('\r\n', '\n');
    return made || lines(decode(content)) === lines(source.getText()) ? source : undefined;
}

function documentOf(uri: vscode.Uri): vscode.TextDocument | undefined {
    const id = uri.toString();
    return vscode.workspace.textDocuments.find((one) => one.uri.toString() === id);
}

/** Whether a tab or a document has this address. */
function isOpen(uri: vscode.Uri): boolean {
    const id = uri.toString();
    const tabs = vscode.window.tabGroups.all.flatMap((group) => group.tabs);
    const inputs = tabs.map((tab) => (tab.input as { uri?: vscode.Uri } | undefined)?.uri);
    const texts = vscode.workspace.textDocuments.map((document) => document.uri);
    return [...inputs, ...texts].some((one) => one?.toString() === id);
}
