/** The values that the editor shows or has read, and what it knows about each. */

import * as vscode from 'vscode';
import { placeOf, SCHEME } from '../address';
import { delayOf, nowIn } from '../clock';
import { mayBeHidden } from '../clockStatus';
import * as format from '../format';
import { fault } from '../messages';
import { documentOf, isOpen } from '../openDocuments';
import type { Extras } from '../protocol';
import { type Server, ServerDown } from '../server';
import { read, type Whole } from '../values';
import type { Origin, Origins } from './origin';
import type { Seen } from './seen';
import { type Version, versionOf } from './version';

/** Reads values, and remembers them while they are open. */
export class SeenValues implements vscode.Disposable {
    private readonly values = new Map<string, Seen>();
    private readonly forms = new vscode.EventEmitter<void>();
    private readonly expiry = new vscode.EventEmitter<void>();
    private readonly subscriptions: vscode.Disposable[];
    private timer: NodeJS.Timeout | undefined;
    /** When an open dialog, such as "Save As…", listed the keys of a namespace. */
    private browsed = Number.POSITIVE_INFINITY;

    /** Fired when a value, its metadata or expiration may have changed. */
    readonly onDidChangeForm = this.forms.event;
    /** Fired when an open value should have expired: the server doesn't report that. */
    readonly onDidExpire = this.expiry.event;

    constructor(
        private readonly server: Server,
        private readonly origins: Origins,
    ) {
        this.subscriptions = [
            this.forms,
            this.expiry,
            vscode.workspace.onDidChangeTextDocument(({ document }) => this.reverted(document)),
            vscode.workspace.onDidCloseTextDocument(({ uri }) => this.closed(uri)),
        ];
    }

    dispose(): void {
        clearTimeout(this.timer);
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    all(): Seen[] {
        return [...this.values.values()];
    }

    get(uri: vscode.Uri): Seen | undefined {
        return this.values.get(uri.toString());
    }

    /** Return what is known about a value; about a new one, where a restored document was read. */
    of(uri: vscode.Uri): Seen {
        let seen = this.get(uri);
        if (!seen) {
            // For a restored document, only the address says where it was read.
            const { binding, id: space } = placeOf(uri);
            seen = { uri, looks: [], declared: binding !== space || undefined };
            Object.assign(seen, this.origins.of(uri));
            this.values.set(uri.toString(), seen);
        }
        return seen;
    }

    /** Read a value; it is an error of the file system if that is impossible. */
    async fetch(seen: Seen): Promise<Version> {
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
            const text = vscode.l10n.t('There is no key "{0}" in {1}.', key, binding);
            throw fault('FileNotFound', text + mayBeHidden(config));
        }
        seen.lastOrigin = { store: value.store, declared: value.declared };
        seen.readOnly = value.readOnly;
        return this.remember(seen, value.bytes, value);
    }

    /** Note what is stored now. */
    remember(seen: Seen, bytes: Uint8Array, { expiration, metadata }: Extras = {}): Version {
        const { last } = seen;
        const before = JSON.stringify([last?.expiration, last?.metadata]);
        const version = versionOf(bytes, last);
        Object.assign(version, { expiration, metadata });
        seen.gone = false;
        seen.last = version;
        if (version !== last || before !== JSON.stringify([expiration, metadata])) {
            this.forms.fire();
        }
        this.checkAtExpiry();
        return version;
    }

    /** Note where the value in the editor was read, also for when the window is restored. */
    setOrigin(seen: Seen, { store, declared }: Origin = {}): void {
        this.origins.keep(seen.uri, { store, declared });
        Object.assign(seen, { store, declared, movedTo: undefined, base: seen.read });
    }

    /** Forget a value if it isn't open, unless the editor asks about it in a dialog. */
    forgetClosed(seen: Seen): void {
        if (!isOpen(seen.uri) && !this.isInDialog(seen)) {
            this.values.delete(seen.uri.toString());
        }
    }

    /** Note that a dialog lists the keys of a namespace. */
    enterDialog(): void {
        this.browsed = Date.now();
        this.all().forEach((seen) => this.forgetClosed(seen));
    }

    leaveDialog(): void {
        this.browsed = Number.POSITIVE_INFINITY;
    }

    /** Whether the editor has read a value to ask about it in a dialog. */
    isInDialog(seen: Seen): boolean {
        return (seen.looks.at(-1)?.since ?? 0) > this.browsed;
    }

    /** After a revert, a document shows the value that was read last. */
    private reverted({ uri, isDirty }: vscode.TextDocument): void {
        if (uri.scheme !== SCHEME) {
            return; // every key that is typed in any file comes here
        }
        const seen = this.get(uri);
        if (seen?.lastOrigin && !isDirty && !seen.written) {
            this.setOrigin(seen, seen.lastOrigin);
            this.forms.fire();
        }
    }

    private closed(uri: vscode.Uri): void {
        if (uri.scheme !== SCHEME) {
            return;
        }
        // A change of language closes and reopens a document: check when that is done.
        setTimeout(() => {
            if (!documentOf(uri)) {
                this.values.delete(uri.toString());
            }
        });
    }

    private checkAtExpiry(): void {
        const left = this.all().map(({ uri, last, gone }) =>
            !gone && last?.expiration
                ? last.expiration - nowIn(placeOf(uri).config)
                : Number.POSITIVE_INFINITY,
        );
        const next = Math.min(...left);
        clearTimeout(this.timer);
        if (next < Number.POSITIVE_INFINITY) {
            this.timer = setTimeout(() => this.expiry.fire(), delayOf(next, 1000));
        }
    }
}
