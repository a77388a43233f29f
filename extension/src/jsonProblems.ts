/** Problems of values that should be JSON and aren't. They can be saved as they are. */

import * as vscode from 'vscode';
import { SCHEME } from './address';
import { jsonMistake } from './jsonStyle';

const LANGUAGE = 'kvlens-json';
const LONGEST = 500_000; // characters; longer texts aren't checked while they are typed
const TYPING = 200; // ms without typing before the check

/** Underline the first mistake of open JSON values. */
export class JsonProblems implements vscode.Disposable {
    private readonly problems = vscode.languages.createDiagnosticCollection('kvlens-json');
    private readonly timers = new Map<string, NodeJS.Timeout>();
    private readonly subscription: vscode.Disposable;

    constructor() {
        const { workspace } = vscode;
        this.subscription = vscode.Disposable.from(
            this.problems,
            workspace.onDidOpenTextDocument((document) => this.check(document)),
            workspace.onDidChangeTextDocument(({ document }) => this.later(document)),
            workspace.onDidCloseTextDocument(({ uri }) => this.forget(uri)),
        );
        workspace.textDocuments.forEach((document) => this.check(document));
    }

    dispose(): void {
        this.timers.forEach((timer) => clearTimeout(timer));
        this.subscription.dispose();
    }

    private later(document: vscode.TextDocument): void {
        if (document.uri.scheme === SCHEME && document.languageId === LANGUAGE) {
            const id = document.uri.toString();
            clearTimeout(this.timers.get(id));
            this.timers.set(id, setTimeout(() => this.check(document), TYPING));
        }
    }

    private forget(uri: vscode.Uri): void {
        clearTimeout(this.timers.get(uri.toString()));
        this.timers.delete(uri.toString());
        this.problems.delete(uri);
    }

    private check(document: vscode.TextDocument): void {
        const { uri, languageId, isClosed } = document;
        if (uri.scheme !== SCHEME || languageId !== LANGUAGE || isClosed) {
            return;
        }
        const text = document.getText();
        const mistake = text && text.length <= LONGEST ? jsonMistake(text) : undefined;
        if (!mistake) {
            this.problems.delete(uri);
            return;
        }
        const at = document.positionAt(mistake.at);
        const range = document.getWordRangeAtPosition(at) ?? new vscode.Range(at, at.translate(0, 1));
        const message = vscode.l10n.t('This is not JSON: {0}. It is saved as it is.', mistake.message);
        const problem = new vscode.Diagnostic(range, message, vscode.DiagnosticSeverity.Warning);
        problem.source = 'kvlens';
        this.problems.set(uri, [problem]);
    }
}
