/** Messages to and from the extension, and translated strings. */

import type { FromComparison } from '../../src/compare/messages';
import type { FromView, ToView } from '../../src/table/messages';

interface VSCode {
    postMessage(message: FromView | FromComparison): void;
}
declare function acquireVsCodeApi(): VSCode;

const api = acquireVsCodeApi();
let strings: Record<string, string> = {};

export function post(message: FromView | FromComparison): void {
    api.postMessage(message);
}

export function listen<Message = ToView>(heard: (message: Message) => void): void {
    window.addEventListener('message', ({ data }: MessageEvent<Message>) => heard(data));
}

/** Use the extension's translations. */
export function translate(bundle: Record<string, string>): void {
    strings = bundle;
}

/** A translated text, with {0}, {1} … replaced. */
export function t(text: string, ...values: (string | number)[]): string {
    return (strings[text] ?? text).replace(/\{(\d)\}/g, (_, at: string) => String(values[Number(at)]));
}

/**
 * Keep undo, redo and "select all" in a text box: VS Code would undo a change of the table, and
 * select what is typed after the key.
 */
export function typing(event: KeyboardEvent): void {
    if ((event.ctrlKey || event.metaKey) && /^[azy]$/i.test(event.key)) {
        event.stopPropagation();
    }
}

/** The letter that is pressed with Ctrl or Command alone, in lower case with Caps Lock on, too; else nothing. */
export function shortcut(event: KeyboardEvent): string {
    const alone = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey;
    return alone && event.key.length === 1 ? event.key.toLowerCase() : '';
}
