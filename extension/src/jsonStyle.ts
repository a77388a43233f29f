/**
 * JSON on one line, shown with a line for each item, and saved on one line again.
 *
 * Only white space between tokens changes: numbers, escapes, duplicate keys and the order stay as
 * they are written, as the text is never parsed into a value and written from it.
 */

const MAX_LENGTH = 5_000_000; // characters; a longer text is shown as it is
const MAX_GROWTH = 4; // times the text, in the case of deep nesting
const INDENT = 2;

/** How a text on one line separates its tokens, and ends. */
export interface JsonStyle {
    colon: string;
    comma: string;
    /** The line break after the last token, if any. */
    end: string;
}

const SEPARATORS = [
    { colon: ':', comma: ',' }, // JSON.stringify
    { colon: ': ', comma: ', ' }, // json.dumps of Python
    { colon: ':', comma: ', ' },
    { colon: ': ', comma: ',' },
];

/** Return what is wrong with a text that should be JSON; undefined if nothing is. */
export function jsonProblem(text: string): string | undefined {
    try {
        JSON.parse(text);
        return undefined;
    } catch (error) {
        return (error as Error).message;
    }
}

/** Return the first mistake of a text that should be JSON, and where it is. */
export function jsonMistake(text: string): { message: string; at: number } | undefined {
    const problem = jsonProblem(text);
    if (problem === undefined) {
        return undefined;
    }
    const message = problem.replace(/,? (in JSON|"[^]*" is not valid JSON)( at position.*)?$/, '');
    // Not every error says where it is: look for the shortest beginning that is wrong.
    let [right, wrong] = [0, text.length];
    while (right < wrong) {
        const middle = (right + wrong) >> 1;
        if (isBeginning(text.slice(0, middle + 1))) {
            right = middle + 1;
        } else {
            wrong = middle;
        }
    }
    return { message, at: right };
}

/** Whether a text is JSON, or could be if it went on. */
function isBeginning(text: string): boolean {
    const problem = jsonProblem(text);
    const at = /at position (\d+)/.exec(problem ?? '')?.[1];
    return problem === undefined || /end of JSON|unterminated/i.test(problem) || Number(at) === text.length;
}

/** Whether a text is a JSON object or array; a very long one isn't checked. */
export function isJson(text: string): boolean {
    return text.length <= MAX_LENGTH && /^\s*[[{]/.test(text) && jsonProblem(text) === undefined;
}

/** Return the style of a JSON object or array with items on one line; undefined for other texts. */
export function styleOf(text: string): JsonStyle | undefined {
    if (text.length > MAX_LENGTH || !/^(\[[^\]]|\{[^}])/.test(text)) {
        return undefined;
    }
    const end = text.endsWith('\r\n') ? '\r\n' : text.endsWith('\n') ? '\n' : '';
    const line = text.slice(0, text.length - end.length);
    if (/[\r\n]/.test(line) || jsonProblem(line) !== undefined) {
        return undefined;
    }
    const found = SEPARATORS.find((one) => onOneLine(line, one) === line);
    return found && { ...found, end };
}

/** Return JSON on one line with a line for each item; undefined if it would become too long. */
export function withLines(text: string, { end }: JsonStyle): string | undefined {
    const limit = 1000 + MAX_GROWTH * text.length;
    let shown = '';
    let depth = 0;
    let empty = false; // the last token is an opening bracket
    const newLine = (): string => (end || '\n') + ' '.repeat(INDENT * depth);
    for (const token of tokens(text)) {
        if (token === '}' || token === ']') {
            depth -= 1;
            shown += empty ? token : newLine() + token;
            empty = false;
            continue;
        }
        shown += empty ? newLine() + token : token;
        empty = token === '{' || token === '[';
        depth += empty ? 1 : 0;
        if (token === ':') {
            shown += ' ';
        } else if (token === ',') {
            shown += newLine();
        }
        if (shown.length > limit) {
            return undefined;
        }
    }
    return shown + end;
}

/** Return JSON with a line for each item; a text that isn't JSON, or would become too long, as it is. */
export function pretty(text: string): string {
    return jsonProblem(text) === undefined ? (withLines(text, { colon: ':', comma: ',', end: '' }) ?? text) : text;
}

/** Return JSON on one line without white space; a text that isn't JSON as it is. */
export function minified(text: string): string {
    return inStyle(text, { colon: ':', comma: ',', end: '' });
}

/** Return JSON in a style on one line; a text that isn't JSON stays as it is. */
export function inStyle(text: string, style: JsonStyle): string {
    return jsonProblem(text) === undefined ? onOneLine(text, style) + style.end : text;
}

function onOneLine(text: string, { colon, comma }: Omit<JsonStyle, 'end'>): string {
    let line = '';
    for (const token of tokens(text)) {
        line += token === ':' ? colon : token === ',' ? comma : token;
    }
    return line;
}

/** Yield the tokens of valid JSON, as they are written. */
function* tokens(text: string): Generator<string> {
    const other = /[^\s"{}[\],:]+/y;
    for (let at = 0; at < text.length; ) {
        const first = text[at];
        let end = at + 1;
        if (first === '"') {
            end = endOfString(text, at);
        } else if (!'{}[],: \t\r\n'.includes(first)) {
            other.lastIndex = at;
            end = at + (other.exec(text)?.[0].length ?? 1);
        }
        if (!' \t\r\n'.includes(first)) {
            yield text.slice(at, end);
        }
        at = end;
    }
}

function endOfString(text: string, start: number): number {
    for (let end = text.indexOf('"', start + 1); ; end = text.indexOf('"', end + 1)) {
        let slashes = 0;
        while (text[end - 1 - slashes] === '\\') {
            slashes += 1;
        }
        if (slashes % 2 === 0) {
            return end + 1;
        }
    }
}
