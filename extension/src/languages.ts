/**
 * Language ids for values, defined only by this extension.
 *
 * Settings that change files on save (a final newline, trailing spaces, a formatter, an
 * encoding) can be set per language, which overrides the general setting. So package.json
 * turns them all off for these languages, and a value always has one of them.
 */

import * as vscode from 'vscode';
import { placeOf, SCHEME } from './address';

const PLAIN = 'kvlens-text';
const MAX_GUESSED = 1_000_000; // characters; longer texts aren't parsed to guess their language

/** Our language id for each language of the editor. */
const TWINS: Record<string, string> = {
    json: 'kvlens-json',
    jsonc: 'kvlens-json',
    html: 'kvlens-html',
    css: 'kvlens-css',
    javascript: 'kvlens-javascript',
    typescript: 'kvlens-javascript',
    markdown: 'kvlens-markdown',
    xml: 'kvlens-xml',
    yaml: 'kvlens-yaml',
};
const ENDINGS: Record<string, string> = {
    json: 'json',
    html: 'html',
    htm: 'html',
    css: 'css',
    js: 'javascript',
    mjs: 'javascript',
    ts: 'javascript',
    md: 'markdown',
    xml: 'xml',
    svg: 'xml',
    yaml: 'yaml',
    yml: 'yaml',
};

/** Give opened values one of our languages, for any name of their key. */
export function keepLanguages(): vscode.Disposable {
    return vscode.workspace.onDidOpenTextDocument((document) => void keep(document));
}

async function keep(document: vscode.TextDocument): Promise<void> {
    const current = document.languageId;
    const chosen = current.startsWith('kvlens-') && current !== PLAIN;
    if (document.uri.scheme !== SCHEME || chosen) {
        return;
    }
    const wanted = TWINS[current] ?? guess(document);
    if (wanted !== current) {
        await vscode.languages.setTextDocumentLanguage(document, wanted);
    }
}

function guess(document: vscode.TextDocument): string {
    const ending = /\.(\w+)$/.exec(placeOf(document.uri).key)?.[1].toLowerCase() ?? '';
    const named = ENDINGS[ending];
    return (named && TWINS[named]) ?? (isJson(document.getText()) ? TWINS.json : PLAIN);
}

function isJson(text: string): boolean {
    if (text.length > MAX_GUESSED || !/^\s*[[{]/.test(text)) {
        return false;
    }
    try {
        JSON.parse(text);
        return true;
    } catch {
        return false;
    }
}
