/** The table of a namespace: a custom editor, with undo, save, revert and hot exit. */

import * as vscode from 'vscode';
import * as format from '../format';
import { dialog } from '../messages';
import type { Model } from '../model';
import type { Server } from '../server';
import { Backups } from './backups';
import type { Differences } from './differences';
import { TableDocument, VIEW_TYPE } from './document';
import type { Place } from './messages';
import { TablePanel } from './panel';
import { placeOf } from './place';

const SLOW = 5000; // changes: saving them may take seconds

/** Opens tables, and carries out what they ask for. */
export class Tables implements vscode.CustomEditorProvider<TableDocument> {
    private readonly edited = new vscode.EventEmitter<
        vscode.CustomDocumentContentChangeEvent<TableDocument>
    >();
    readonly onDidChangeCustomDocument = this.edited.event;
    private readonly backups: Backups;

    constructor(
        private readonly context: vscode.ExtensionContext,
        private readonly server: Server,
        private readonly model: Model,
        private readonly differences: Differences,
    ) {
        this.backups = new Backups(context);
    }

    /** Register the editor. */
    register(): vscode.Disposable {
        const options = {
            webviewOptions: { retainContextWhenHidden: true },
            supportsMultipleEditorsPerDocument: false,
        };
        return vscode.Disposable.from(
            vscode.window.registerCustomEditorProvider(VIEW_TYPE, this, options),
            this.edited,
        );
    }

    async openCustomDocument(uri: vscode.Uri): Promise<TableDocument> {
        const backup = await this.backups.read(uri);
        const document = new TableDocument(uri, this.server, backup);
        document.onDidEdit((edit) => {
            const event: vscode.CustomDocumentEditEvent<TableDocument> = { document, ...edit };
            this.edited.fire(event);
            if (edit.seemsSaved) {
                this.edited.fire({ document });
            }
        });
        if (backup?.items.length) {
            // VS Code restores no undo, and doesn't know of changes if the window ended too early
            setTimeout(() => document.recover());
        }
        return document;
    }

    resolveCustomEditor(document: TableDocument, panel: vscode.WebviewPanel): void {
        new TablePanel(this.context, this.server, this.model, document, panel, () =>
            this.differences.show(document),
        );
    }

    async saveCustomDocument(document: TableDocument): Promise<void> {
        await document.idle(); // edits that are being made count
        const place = placeOf(this.model, document);
        if (place.readOnly) {
            throw new Error(vscode.l10n.t('This store takes no changes. Nothing was saved.'));
        }
        if (place.remote && document.staged.count) {
            await confirmRemote(place, document.staged.count);
        }
        const save = (): Promise<void> => document.save(place.where, () => this.differences.show(document));
        const count = document.staged.count;
        await (count > SLOW ? withProgress(vscode.l10n.t('Saving {0}', format.count(count, 'change')), save) : save());
        await this.backups.delete(document.uri);
        void this.model.refresh([{ config: document.namespace.config, id: document.namespace.id }]);
    }

    saveCustomDocumentAs(): Promise<void> {
        throw new Error(
            vscode.l10n.t('A table is saved in its store. "KV Lens: Export Namespace…" writes a file.'),
        );
    }

    async revertCustomDocument(document: TableDocument): Promise<void> {
        await document.revert();
        await this.backups.delete(document.uri);
    }

    backupCustomDocument(document: TableDocument): Promise<vscode.CustomDocumentBackup> {
        return this.backups.write(document.uri, document.staged.backup());
    }
}

async function confirmRemote(place: Place, count: number): Promise<void> {
    const write = vscode.l10n.t('Write');
    const text = vscode.l10n.t('Write {0} to the {1} store?', format.count(count, 'change'), place.word);
    const answer = await dialog(text, [place.where], write);
    if (answer !== write) {
        throw new vscode.CancellationError();
    }
}

function withProgress<T>(title: string, work: () => Promise<T>): Thenable<T> {
    return vscode.window.withProgress({ location: vscode.ProgressLocation.Notification, title }, work);
}
