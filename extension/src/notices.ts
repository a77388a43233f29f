/** The line above a value that can't be edited as text: why, and other ways to see it. */

import * as vscode from 'vscode';
import { SCHEME } from './address';
import { pictureOf } from './contents';
import type { Documents } from './documents/documents';
import * as format from './format';
import { hexEditor } from './openValue';

const { t } = vscode.l10n;

/** A lens on the first line of such a document. */
export class Notices implements vscode.CodeLensProvider, vscode.Disposable {
    private readonly subscription: vscode.Disposable;

    readonly onDidChangeCodeLenses: vscode.Event<void>;

    constructor(private readonly documents: Documents) {
        this.onDidChangeCodeLenses = documents.onDidChangeForm;
        this.subscription = vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, this);
    }

    dispose(): void {
        this.subscription.dispose();
    }

    provideCodeLenses({ uri }: vscode.TextDocument): vscode.CodeLens[] {
        const known = this.documents.known(uri);
        if (this.documents.conflict(uri)) {
            return conflictLenses(uri);
        }
        if (!known || known.form === 'text') {
            return [];
        }
        if (known.form === 'mixed') {
            const why = t('read-only: an editor would change its line endings');
            return [lens(`$(lock) ${why}`)];
        }
        const size = format.size(known.bytes.length);
        const why = t('binary value, {0}: not UTF-8 text, read-only', size);
        const lenses = [lens(`$(lock) ${why}`)];
        if (pictureOf(known.bytes)) {
            lenses.push(lens(`$(file-media) ${t('open as an image')}`, 'kvlens.openRaw', uri));
        }
        const editor = hexEditor();
        if (editor) {
            const title = `$(file-binary) ${t('open in the hex editor')}`;
            lenses.push(lens(title, 'kvlens.openRaw', uri, editor));
        }
        return lenses;
    }
}

function conflictLenses(uri: vscode.Uri): vscode.CodeLens[] {
    return [
        lens(`$(warning) ${t('changed by another program since you opened it')}`),
        lens(`$(git-compare) ${t('compare all versions')}`, 'kvlens.compareVersions', uri),
        lens(`$(discard) ${t('revert to the stored value')}`, 'workbench.action.files.revert'),
    ];
}

function lens(title: string, command = '', ...rest: unknown[]): vscode.CodeLens {
    return new vscode.CodeLens(new vscode.Range(0, 0, 0, 0), { title, command, arguments: rest });
}
