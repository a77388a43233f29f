/** The values of the history as read-only files: as text, or as bytes for viewers of them. */

import * as vscode from 'vscode';
import { bytesOf, dump, formOf, hasOwnEditor, pictureName, pictureOf } from './contents';
import * as format from './format';
import { fault } from './messages';
import { hexEditor } from './openValue';
import { styleOf, withLines } from './jsonStyle';
import type { HistoryChange, Side } from './protocol';
import type { Server } from './server';
import { oneLine } from './visible';

const { t } = vscode.l10n;

const SCHEME = 'kvlens-history';

/** A side of a change. */
export interface Moment {
    config: string;
    change: HistoryChange;
    before: boolean;
}

/** What the query of an address says. */
interface Wanted {
    config: string;
    change: number;
    before: boolean;
    unknown: boolean;
    raw: boolean;
    /** Whether JSON on one line is shown with a line for each item. */
    lines?: boolean;
}

/** Serves the values. */
export class HistoryValues implements vscode.FileSystemProvider, vscode.Disposable {
    private readonly files = new vscode.EventEmitter<vscode.FileChangeEvent[]>();
    private readonly subscriptions: vscode.Disposable[];

    readonly onDidChangeFile = this.files.event;

    constructor(private readonly server: Server) {
        const options = { isCaseSensitive: true, isReadonly: true };
        this.subscriptions = [
            this.files,
            vscode.workspace.registerFileSystemProvider(SCHEME, this, options),
        ];
    }

    dispose(): void {
        vscode.Disposable.from(...this.subscriptions).dispose();
    }

    async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
        const { length } = await this.readFile(uri);
        return { type: vscode.FileType.File, ctime: 0, mtime: 0, size: length };
    }

    async readFile(uri: vscode.Uri): Promise<Uint8Array> {
        const { config, change, before, unknown, raw, lines } = JSON.parse(uri.query) as Wanted;
        if (unknown) {
            return Buffer.from(before ? t('The value before is not known.') : t('The value is not known.'));
        }
        let bytes: Uint8Array;
        try {
            bytes = await this.read(config, change, before);
        } catch (error) {
            throw fault('Unavailable', format.reason(error));
        }
        if (raw || formOf(bytes) !== 'binary') {
            return lines ? inLines(bytes) : bytes;
        }
        return dump(bytes);
    }

    /** Compare two values: pictures and bytes each in their viewer, side by side. */
    async compare(left: Moment, right: Moment, title: string): Promise<void> {
        const sides = await Promise.all([left, right].map(async (moment) => ({
            moment,
            bytes: isThere(moment) ? await this.read(moment.config, moment.change.id, moment.before) : undefined,
        })));
        const viewers = sides.map(({ moment, bytes }) => bytes && viewerOf(moment, bytes));
        if (!viewers.some(Boolean)) {
            const lines = haveOneStyle(sides.flatMap(({ bytes }) => bytes ?? []));
            const [one, other] = [left, right].map((moment) => uriOf(moment, undefined, lines));
            const titled = [title, ...otherChanges(sideOf(left), sideOf(right))].join(' · ');
            await vscode.commands.executeCommand('vscode.diff', one, other, titled, { preview: true });
            return;
        }
        let viewColumn = vscode.ViewColumn.One;
        for (const [index, { moment, bytes }] of sides.entries()) {
            const { uri, editor } = viewers[index] ?? { uri: uriOf(moment), editor: 'default' };
            if (bytes || isUnknown(moment)) {
                const options = { viewColumn, preview: true };
                await vscode.commands.executeCommand('vscode.openWith', uri, editor, options);
                viewColumn = vscode.ViewColumn.Two;
            }
        }
    }

    watch(): vscode.Disposable {
        return new vscode.Disposable(() => {}); // what was recorded doesn't change
    }

    readDirectory(): [] {
        return [];
    }

    createDirectory(): void {
        throw readOnly();
    }

    writeFile(): void {
        throw readOnly();
    }

    delete(): void {
        throw readOnly();
    }

    rename(): void {
        throw readOnly();
    }

    private async read(config: string, change: number, before: boolean): Promise<Uint8Array> {
        const value = await this.server.ask('kvlens.historyValue', { config, change, before });
        return value ? bytesOf(value) : new Uint8Array();
    }
}

function readOnly(): Error {
    return fault('NoPermissions', t('The history is read-only.'));
}

function sideOf({ change, before }: Moment): HistoryChange['before'] {
    return before ? change.before : change.after;
}

function isUnknown(moment: Moment): boolean {
    return sideOf(moment)?.unknown === true;
}

function isThere(moment: Moment): boolean {
    return sideOf(moment) !== null && !isUnknown(moment);
}

/** Name what has changed besides the value, which is all that a comparison of texts shows. */
function otherChanges(one: Side | null, other: Side | null): string[] {
    if (!one || !other || one.unknown || other.unknown) {
        return [];
    }
    const isSame = JSON.stringify(one.metadata) === JSON.stringify(other.metadata);
    return [
        isSame ? '' : t('metadata changed'),
        one.expiration === other.expiration ? '' : t('expiration changed'),
    ].filter(Boolean);
}

/** Whether all texts are JSON on one line with the same white space: then lines lose nothing. */
function haveOneStyle(texts: Uint8Array[]): boolean {
    const styles = texts.map((bytes) => JSON.stringify(styleOf(Buffer.from(bytes).toString('utf8'))));
    return styles.every((style) => style !== undefined && style === styles[0]);
}

function inLines(bytes: Uint8Array): Uint8Array {
    const text = Buffer.from(bytes).toString('utf8');
    const style = styleOf(text);
    return Buffer.from((style && withLines(text, style)) ?? text);
}

/** The viewer of a picture, or of bytes if there is one; undefined for what is shown as text. */
function viewerOf(moment: Moment, bytes: Uint8Array): { uri: vscode.Uri; editor: string } | undefined {
    if (pictureOf(bytes)) {
        return { uri: uriOf(moment, bytes), editor: 'imagePreview.previewEditor' };
    }
    const editor = formOf(bytes) === 'binary' ? hexEditor() : undefined;
    return editor ? { uri: uriOf(moment, bytes), editor } : undefined;
}

/** Return the address of a value as text, or of its bytes. */
function uriOf(moment: Moment, bytes?: Uint8Array, lines?: boolean): vscode.Uri {
    const { config, change, before } = moment;
    const key = oneLine(change.key).replaceAll('/', '∕') || '""';
    const name = bytes ? pictureName(key, bytes) : hasOwnEditor(key) ? `${key}.txt` : key;
    const raw = bytes !== undefined;
    const wanted: Wanted = { config, change: change.id, before, unknown: isUnknown(moment), raw, lines };
    const side = before ? t('before') : t('after');
    return vscode.Uri.from({ scheme: SCHEME, path: `/${side}/${name}`, query: JSON.stringify(wanted) });
}
