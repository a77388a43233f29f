/**
 * The versions of a value that another program has changed while it was edited: what both come from
 * (the base), the stored one, and the user's text.
 */

import * as vscode from 'vscode';
import type { Documents } from './documents/documents';

const SCHEME = 'kvlens-version';
const MOST = 30; // texts; older ones are forgotten

/** Shows the versions in VS Code's merge editor when a save meets another value. */
export class Versions implements vscode.TextDocumentContentProvider, vscode.Disposable {
    private readonly texts = new Map<string, string>();
    private readonly subscription: vscode.Disposable;
    private count = 0;

    constructor(private readonly documents: Documents) {
        this.subscription = vscode.Disposable.from(
            vscode.workspace.registerTextDocumentContentProvider(SCHEME, this),
            documents.onDidMeetConflict((uri) => void this.compare(uri)),
            documents.onDidChangeForm(() => this.update()),
            vscode.window.tabGroups.onDidChangeTabs(() => this.update()),
        );
    }

    dispose(): void {
        this.subscription.dispose();
    }

    provideTextDocumentContent(uri: vscode.Uri): string {
        return this.texts.get(uri.query) ?? '';
    }

    /** Open the three versions of an edited value; the result is the value's own document. */
    async compare(uri: vscode.Uri): Promise<void> {
        const conflict = this.documents.conflict(uri);
        if (!conflict) {
            return;
        }
        const { t } = vscode.l10n;
        const { base, theirs, mine } = conflict;
        const document = await vscode.workspace.openTextDocument(uri);
        const version = (text: string): Promise<vscode.Uri> => this.keep(uri, text, document.languageId);
        const [stored, edited] = [await version(theirs), await version(mine)];
        const input1 = { uri: stored, title: t('Stored'), description: t('by another program') };
        const input2 = { uri: edited, title: t('Yours'), description: t('not saved yet') };
        const merge = { base: await version(base), input1, input2, output: uri };
        this.documents.compared(uri, conflict);
        await vscode.commands.executeCommand('_open.mergeEditor', merge);
    }

    private async keep(of: vscode.Uri, text: string, language: string): Promise<vscode.Uri> {
        this.count += 1;
        const uri = of.with({ scheme: SCHEME, query: String(this.count) });
        this.texts.set(uri.query, text);
        for (const old of [...this.texts.keys()].slice(0, -MOST)) {
            this.texts.delete(old);
        }
        const document = await vscode.workspace.openTextDocument(uri);
        await vscode.languages.setTextDocumentLanguage(document, language);
        return uri;
    }

    /** Offer the comparison in the title bar while the active value has other versions. */
    private update(): void {
        const input = vscode.window.tabGroups.activeTabGroup.activeTab?.input;
        const uri = input instanceof vscode.TabInputText ? input.uri : undefined;
        const differs = uri !== undefined && this.documents.conflict(uri) !== undefined;
        void vscode.commands.executeCommand('setContext', 'kvlens.conflict', differs);
    }
}
