/**
 * Values as files: a save loses nothing. The editor reads the stored bytes; only JSON on one line
 * gets a line for each item, and is saved on one line again.
 */

import * as vscode from 'vscode';
import { isNamespace, placeOf, SCHEME } from '../address';
import { decode, marksOf } from '../contents';
import { fail, fault } from '../messages';
import { documentOf } from '../openDocuments';
import type { Server } from '../server';
import { Changes } from './changes';
import { type Conflict, conflictOf, meetsConflict, noteCompared } from './conflict';
import { noteLook } from './looks';
import { Origins } from './origin';
import { checkSave } from './saveCheck';
import { SeenValues } from './seenValues';
import { shownBytes, storedBytes } from './shownText';
import type { Version } from './version';
import { Writer } from './writer';

const { t } = vscode.l10n;

const PINNED = 2000; // ms after a write in which the file is reported as written

/** Reads and writes values through the server. */
export class Documents implements vscode.FileSystemProvider, vscode.Disposable {
    private readonly conflicts = new vscode.EventEmitter<vscode.Uri>();
    private readonly values: SeenValues;
    private readonly changes: Changes;
    private readonly writer: Writer;
    private readonly subscription: vscode.Disposable;

    readonly onDidChangeFile: vscode.Event<vscode.FileChangeEvent[]>;
    /** Fired when a value, its metadata or expiration may have changed. */
    readonly onDidChangeForm: vscode.Event<void>;
    /** Fired when the user saves a value that another program has changed. */
    readonly onDidMeetConflict = this.conflicts.event;

    /** The workspace's state outlives the window, as unsaved texts do. */
    constructor(
        private readonly server: Server,
        state: vscode.Memento,
    ) {
        this.values = new SeenValues(server, new Origins(state));
        this.changes = new Changes(server, this.values);
        this.writer = new Writer(server, this.values);
        this.onDidChangeFile = this.changes.onDidChangeFile;
        this.onDidChangeForm = this.values.onDidChangeForm;
        this.subscription = vscode.Disposable.from(
            this.changes,
            this.values,
            this.conflicts,
            vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
            vscode.workspace.onWillSaveTextDocument((event) => this.willSave(event)),
        );
    }

    dispose(): void {
        this.subscription.dispose();
    }

    /** Return the last read value of a document. */
    known(uri: vscode.Uri): Version | undefined {
        return this.values.get(uri)?.last;
    }

    /** Return the versions of an edited value that another program has changed since. */
    conflict(uri: vscode.Uri): Conflict | undefined {
        const seen = this.values.get(uri);
        return seen && conflictOf(seen);
    }

    /** Note that the user sees the versions of a conflict: a save is the answer. */
    compared(uri: vscode.Uri, conflict: Conflict): void {
        const seen = this.values.get(uri);
        if (seen) {
            noteCompared(seen, conflict);
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
        const seen = this.values.of(uri);
        let version: Version;
        if (seen.written && (!seen.written.looked || Date.now() < seen.written.at + PINNED)) {
            version = seen.written.version;
            seen.written.looked = true;
        } else {
            seen.written = undefined;
            version = await this.values.fetch(seen);
        }
        const { digest, mtime, size, form, bytes } = version;
        noteLook(seen, digest);
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
        const seen = this.values.of(uri);
        const version = await this.values.fetch(seen).catch((error) => {
            if ((error as vscode.FileSystemError).code === 'Unknown') {
                void fail((error as Error).message); // the editor's own page gives no reason
            }
            throw error;
        });
        const { bytes, digest, mtime, size } = version;
        seen.shown = digest;
        seen.marks = bytes.length ? marksOf(decode(bytes)) : undefined;
        const shown = shownBytes(seen, version);
        seen.read = { text: decode(shown) ?? '', mtime, size };
        if (!documentOf(uri)?.isDirty) {
            this.values.setOrigin(seen, seen.lastOrigin);
        }
        return shown;
    }

    async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
        const seen = this.values.of(uri);
        const { asked } = seen;
        seen.asked = undefined;
        const document = sourceOf(uri, content);
        const source = document && this.values.get(document.uri);
        checkSave(seen, content, asked, source);
        const stored = storedBytes(seen, content, source);
        const save = { byItself: asked?.byItself, isCopy: document !== undefined };
        await this.writer.write(seen, stored, save);
        const version = this.values.remember(seen, stored, seen.last);
        const { mtime, size } = version;
        seen.written = { version, at: Date.now(), looked: false };
        seen.read = { text: decode(content) ?? '', mtime, size };
        seen.base = seen.read;
        seen.compared = undefined;
        seen.settled = undefined;
        seen.shown = version.digest;
        seen.looks = [{ digest: version.digest, since: 0 }];
        setTimeout(() => void this.changes.refresh(seen), PINNED);
    }

    async delete(uri: vscode.Uri): Promise<void> {
        const { config, id, key } = placeOf(uri);
        await this.server.ask('kvlens.delete', { config, id, keys: [key] });
    }

    readDirectory(): [string, vscode.FileType][] {
        this.values.enterDialog();
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

    /** Note a save, and report a conflict that the user hasn't seen. */
    private willSave({ document, reason }: vscode.TextDocumentWillSaveEvent): void {
        const { uri } = document;
        if (uri.scheme !== SCHEME) {
            return;
        }
        const seen = this.values.of(uri);
        const byItself = reason !== vscode.TextDocumentSaveReason.Manual;
        seen.asked = { text: document.getText(), at: Date.now(), byItself };
        if (!byItself && meetsConflict(seen)) {
            this.conflicts.fire(uri);
        }
    }
}

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
