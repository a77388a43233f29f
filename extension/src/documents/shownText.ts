/** What the editor shows of a value, and what is stored for it: JSON on one line gets lines. */

import { placeOf } from '../address';
import { decode, dump } from '../contents';
import { languageOf } from '../contentType';
import { inStyle, jsonProblem, styleOf, withLines } from '../jsonStyle';
import type { Seen } from './seen';
import type { Version } from './version';

/** Return what the editor shows of a value, and note how to store it. */
export function shownBytes(seen: Seen, version: Version): Uint8Array {
    if (placeOf(seen.uri).view === 'raw' || version.form === 'mixed') {
        return version.bytes;
    }
    return version.form === 'binary' ? dump(version.bytes) : shownText(seen, version);
}

/** Return the bytes to store for what the editor saves, perhaps for another document's value. */
export function storedBytes(seen: Seen, content: Uint8Array, source?: Seen): Uint8Array {
    if (seen.shown === undefined && seen.last?.form === 'text') {
        shownText(seen, seen.last); // the editor has restored its text without reading it
    }
    const style = seen.style ?? (seen.last ? undefined : source?.style);
    const text = style && decode(content);
    return text ? Buffer.from(inStyle(text, style)) : content;
}

function shownText(seen: Seen, { bytes, metadata }: Version): Uint8Array {
    const text = decode(bytes) ?? '';
    if (seen.style && jsonProblem(text) !== undefined) {
        return bytes; // it was saved unfinished, and will be JSON again
    }
    const isJson = languageOf(placeOf(seen.uri).key, metadata, text) === 'json';
    const style = isJson ? styleOf(text) : undefined;
    const shown = style && withLines(text, style);
    seen.style = shown === undefined ? undefined : style;
    return shown === undefined ? bytes : Buffer.from(shown);
}
