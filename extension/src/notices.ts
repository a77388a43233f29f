/** The line above a value that can't be edited as text: why, and other ways to see it. */

import * as vscode from 'vscode';
import { SCHEME } from './address';
import { pictureOf } from './contents';
import type { Documents } from './documents';
import * as format from './format';

const HEX_EDITOR = 'ms-vscode.hexeditor';

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
        if (!known || known.form === 'text') {
            return [];
        }
        const top = new vscode.Range(0, 0, 0, 0);
        const lens = (title: string, command = '', ...rest: unknown[]): vscode.CodeLens =>
            new vscode.CodeLens(top, { title, command, arguments: rest });
        if (known.form === 'mixed') {
            const why = 'read-only: an editor would change its line endings';
            return [lens(`$(lock) ${why}`)];
        }
        const size = format.size(known.bytes.length);
        const lenses = [lens(`$(lock) binary value, ${size}: not UTF-8 text, read-only`)];
        if (pictureOf(known.bytes)) {
            lenses.push(lens('$(file-media) open as an image', 'kvlens.openRaw', uri));
        }
        if (vscode.extensions.getExtension(HEX_EDITOR)) {
            const editor = 'hexEditor.hexedit';
            lenses.push(lens('$(file-binary) open in the hex editor', 'kvlens.openRaw', uri, editor));
        }
        return lenses;
    }
}
