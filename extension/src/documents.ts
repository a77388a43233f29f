/** Values as documents: `kvlens:/BINDING/key?{…}`. The path is for people, the query is the truth. */

import * as vscode from 'vscode';
import type { Changed, Commands, NamespaceRef, Value } from './protocol';
import { type Server, ServerDown } from './server';

export const SCHEME = 'kvlens';
const MAX_GUESSED = 1_000_000; // characters; a longer text is not parsed to guess its language

interface Place extends NamespaceRef {
    key: string;
}

/** Return the address of a value's document. */
export function uriOf(namespace: NamespaceRef, key: string): vscode.Uri {
    const { config, id, binding, environment } = namespace;
    const query = JSON.stringify({ config, id, binding, environment, key });
    return vscode.Uri.from({ scheme: SCHEME, path: `/${binding}/${shown(key)}`, query });
}

/** Return what a value's document is about. */
export function placeOf(uri: vscode.Uri): Place {
    return JSON.parse(uri.query) as Place;
}

/** What requests say: the binding may be renamed while the document is open. */
function requestOf(place: Place): { config: string; id: string; key: string } {
    return { config: place.config, id: place.id, key: place.key };
}

/** A key as one segment, so that the tab shows all of it: with a division slash for each slash. */
function shown(key: string): string {
    const visible = key.replace(/[\u0000-\u001f\u007f]/g, '�').replaceAll('/', '∕');
    return visible === '.' || visible === '..' ? `"${visible}"` : visible;
}

interface Seen {
    bytes: Uint8Array;
    /** Milliseconds; moves when the bytes do, and so tells the editor of a change. */
    mtime: number;
}

/** Reads and writes values through the server. */
export class Documents implements vscode.FileSystemProvider, vscode.Disposable {
    private readonly emitter = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
    private readonly seen = new Map<string, { uri: vscode.Uri; last: Seen }>();
    private readonly subscriptions: vscode.Disposable[];

    readonly onDidChangeFile = this.emitter.event;

    constructor(private readonly server: Server) {
        this.subscriptions = [
            this.emitter,
            vscode.workspace.registerFileSystemProvider(SCHEME, this, { isCaseSensitive: true }),
            vscode.workspace.onDidOpenTextDocument((document) => void guessLanguage(document)),
            vscode.workspace.onDidCloseTextDocument((document) => this.forget(document)),
            server.onChanged((change) => void this.changed(change)),
        ];
    }

    dispose(): void {
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    watch(): vscode.Disposable {
        return new vscode.Disposable(() => {}); // the server tells of every change by itself
    }

    async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
        if (uri.path.split('/').length <= 2) {
            // a namespace: asked for before a value that is gone is written anew
            return { type: vscode.FileType.Directory, ctime: 0, mtime: 0, size: 0 };
        }
        const { bytes, mtime } = await this.fetch(uri);
        return { type: vscode.FileType.File, ctime: 0, mtime, size: bytes.length };
    }

    async readFile(uri: vscode.Uri): Promise<Uint8Array> {
        return (await this.fetch(uri)).bytes;
    }

    async writeFile(uri: vscode.Uri, content: Uint8Array): Promise<void> {
        const place = placeOf(uri);
        const write = { ...requestOf(place), ...bodyOf(content) };
        if (!(await this.keep(write))) {
            const create = `Create "${place.key}"`;
            const question = `"${place.key}" is no longer in ${place.binding}.`;
            const detail = 'It was deleted or has expired; its metadata and expiry are gone with it.';
            const options = { modal: true, detail };
            const answer = await vscode.window.showWarningMessage(question, options, create);
            if (answer !== create) {
                throw vscode.FileSystemError.FileNotFound(`"${place.key}" was not saved.`);
            }
            await this.server.ask('kvlens.put', write);
        }
        this.remember(uri, content);
    }

    /** Give a key a new value with its metadata and expiry kept; false where it is gone. */
    private async keep(write: Commands['kvlens.put'][0]): Promise<boolean> {
        const { config, id, key } = write;
        try {
            await this.server.ask('kvlens.put', { ...write, keep: true });
            return true;
        } catch (error) {
            if (!(await this.server.ask('kvlens.get', { config, id, key }))) {
                return false;
            }
            throw error;
        }
    }

    async delete(uri: vscode.Uri): Promise<void> {
        const { key, ...namespace } = requestOf(placeOf(uri));
        await this.server.ask('kvlens.delete', { ...namespace, keys: [key] });
    }

    readDirectory(): [string, vscode.FileType][] {
        return [];
    }

    createDirectory(): void {
        throw vscode.FileSystemError.NoPermissions('A namespace has keys, not folders.');
    }

    rename(): void {
        throw vscode.FileSystemError.NoPermissions('A key cannot be renamed; put it anew.');
    }

    private async fetch(uri: vscode.Uri): Promise<Seen> {
        const place = placeOf(uri);
        let value: Value | null;
        try {
            value = await this.server.ask('kvlens.get', requestOf(place));
        } catch (error) {
            const text = error instanceof Error ? error.message : String(error);
            throw error instanceof ServerDown
                ? vscode.FileSystemError.Unavailable(text)
                : new vscode.FileSystemError(text);
        }
        if (!value) {
            throw vscode.FileSystemError.FileNotFound(
                `There is no key "${place.key}" in ${place.binding}.`,
            );
        }
        return this.remember(uri, bytesOf(value));
    }

    private remember(uri: vscode.Uri, bytes: Uint8Array): Seen {
        const known = this.seen.get(uri.toString())?.last;
        if (known && Buffer.compare(known.bytes, bytes) === 0) {
            return known;
        }
        const last = { bytes, mtime: Math.max(Date.now(), (known?.mtime ?? 0) + 1) };
        this.seen.set(uri.toString(), { uri, last });
        return last;
    }

    private forget(document: vscode.TextDocument): void {
        const id = document.uri.toString();
        if (document.uri.scheme !== SCHEME) {
            return;
        }
        // A change of language closes and opens a document at once: look when that is over.
        setTimeout(() => {
            if (!vscode.workspace.textDocuments.some((open) => open.uri.toString() === id)) {
                this.seen.delete(id);
            }
        });
    }

    /** Tell the editor of open values that are not what they were. */
    private async changed(change: Changed): Promise<void> {
        for (const { uri, last } of [...this.seen.values()]) {
            const place = placeOf(uri);
            const other = change.config !== undefined && change.config !== place.config;
            if (other || (change.id && change.id !== place.id)) {
                continue;
            }
            try {
                if ((await this.fetch(uri)) !== last) {
                    this.emitter.fire([{ type: vscode.FileChangeType.Changed, uri }]);
                }
            } catch (error) {
                if (error instanceof vscode.FileSystemError && error.code === 'FileNotFound') {
                    this.emitter.fire([{ type: vscode.FileChangeType.Deleted, uri }]);
                }
            }
        }
    }
}

function bytesOf(value: Value): Uint8Array {
    return value.base64 === undefined
        ? Buffer.from(value.text ?? '', 'utf8')
        : Buffer.from(value.base64, 'base64');
}

/** The bytes as text where they are UTF-8, else in base64. */
export function bodyOf(content: Uint8Array): { text: string } | { base64: string } {
    try {
        const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
        return { text: decoder.decode(content) };
    } catch {
        return { base64: Buffer.from(content).toString('base64') };
    }
}

/** Show a value that is a JSON object or list as JSON, whatever its key is called. */
async function guessLanguage(document: vscode.TextDocument): Promise<void> {
    if (document.uri.scheme !== SCHEME || document.languageId !== 'plaintext') {
        return;
    }
    const text = document.getText();
    if (text.length > MAX_GUESSED || !/^\s*[[{]/.test(text)) {
        return;
    }
    try {
        JSON.parse(text);
    } catch {
        return;
    }
    await vscode.languages.setTextDocumentLanguage(document, 'json');
}
