/**
 * Language ids for values, defined only by this extension.
 *
 * Settings that change files on save (a final newline, trailing spaces, a formatter, an
 * encoding) can be set per language, which overrides the general setting. So package.json
 * turns them all off for these languages, and a value always has one of them.
 */

import * as vscode from 'vscode';
import { placeOf, SCHEME } from './address';
import { languageOf } from './contentType';

const PREFIX = 'kvlens-';
const PLAIN = `${PREFIX}text`;

/** Our language for those of the editor that a user may have given to names. */
const TWINS: Record<string, string> = {
    json: 'json',
    jsonc: 'json',
    html: 'html',
    css: 'css',
    javascript: 'javascript',
    typescript: 'javascript',
    markdown: 'markdown',
    xml: 'xml',
    yaml: 'yaml',
};

/** What is known about the values in the editor. */
interface Values {
    known(uri: vscode.Uri): { metadata?: unknown } | undefined;
}

/** Give opened values one of our languages, for any name of their key. */
export function keepLanguages(values: Values): vscode.Disposable {
    return vscode.workspace.onDidOpenTextDocument((document) => void keep(document, values));
}

async function keep(document: vscode.TextDocument, values: Values): Promise<void> {
    const { uri, languageId } = document;
    const chosen = languageId.startsWith(PREFIX) && languageId !== PLAIN;
    if (uri.scheme !== SCHEME || chosen) {
        return;
    }
    const found = languageOf(placeOf(uri).key, values.known(uri)?.metadata, document.getText());
    const wanted = PREFIX + (found === 'text' ? (TWINS[languageId] ?? found) : found);
    if (wanted !== languageId) {
        await vscode.languages.setTextDocumentLanguage(document, wanted);
    }
}
