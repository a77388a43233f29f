/** Show messages to the user; names in them are escaped, so they show as plain text. */

import * as vscode from 'vscode';
import { label, notice, oneLine } from './visible';

const SHORT = 5000; // ms that a message in the status bar stays

/** Show a notification, and return the chosen action. */
export function inform(text: string, ...actions: string[]): Promise<string | undefined> {
    return chosen(actions, (shown) =>
        vscode.window.showInformationMessage(notice(text), ...shown),
    );
}

/** Show a warning, and return the chosen action. */
export function warn(text: string, ...actions: string[]): Promise<string | undefined> {
    return chosen(actions, (shown) => vscode.window.showWarningMessage(notice(text), ...shown));
}

/** Show an error, and return the chosen action. */
export function fail(text: string, ...actions: string[]): Promise<string | undefined> {
    return chosen(actions, (shown) => vscode.window.showErrorMessage(notice(text), ...shown));
}

/** Ask in a dialog; each line of the detail is one line. */
export function dialog(
    text: string,
    lines: string[],
    ...actions: string[]
): Promise<string | undefined> {
    const options = { modal: true, detail: lines.map(notice).join('\n') };
    return chosen(actions, (shown) =>
        vscode.window.showWarningMessage(notice(text), options, ...shown),
    );
}

/** Show a message in the status bar for a moment. */
export function brief(text: string): void {
    vscode.window.setStatusBarMessage(label(text), SHORT);
}

/** Let the user choose from a list in which no text becomes an icon. */
export function pick<T extends vscode.QuickPickItem>(
    items: T[],
    options: vscode.QuickPickOptions,
): Thenable<T | undefined> {
    return vscode.window.showQuickPick(items.map(item), staying(options));
}

/** Let the user select several items of a list. */
export function pickMany<T extends vscode.QuickPickItem>(
    items: T[],
    options: vscode.QuickPickOptions,
): Thenable<T[] | undefined> {
    return vscode.window.showQuickPick(items.map(item), { ...staying(options), canPickMany: true });
}

/** Return a list item in which no text becomes an icon. */
export function item<T extends vscode.QuickPickItem>(one: T): T {
    const { description, detail } = one;
    return {
        ...one,
        label: label(one.label),
        ...(description === undefined ? {} : { description: label(description) }),
        ...(detail === undefined ? {} : { detail: label(detail) }),
    };
}

/** Ask for a text; the prompt and the validation messages are ours. */
export function input(options: vscode.InputBoxOptions): Thenable<string | undefined> {
    const { prompt, validateInput } = options;
    return vscode.window.showInputBox({
        ...titled(options),
        prompt: prompt && label(prompt),
        validateInput:
            validateInput &&
            (async (typed) => {
                const problem = await validateInput(typed);
                return typeof problem === 'string' ? label(problem) : problem;
            }),
    });
}

/** Return an error of the file system, which VS Code shows in a notification. */
export function fault(
    kind: 'FileNotFound' | 'NoPermissions' | 'Unavailable' | 'Unknown',
    text: string,
): vscode.FileSystemError {
    return kind === 'Unknown'
        ? new vscode.FileSystemError(notice(text))
        : vscode.FileSystemError[kind](notice(text));
}

/** Stay when the focus moves: VS Code gives it back to a view that has just been filled. */
function staying(options: vscode.QuickPickOptions): vscode.QuickPickOptions {
    return { ignoreFocusOut: true, ...titled(options) };
}

function titled<T extends { title?: string }>(options: T): T {
    return options.title === undefined ? options : { ...options, title: oneLine(options.title) };
}

async function chosen(
    actions: string[],
    show: (shown: string[]) => Thenable<string | undefined>,
): Promise<string | undefined> {
    const shown = actions.map(notice);
    const answer = await show(shown);
    return answer === undefined ? undefined : actions[shown.indexOf(answer)];
}
