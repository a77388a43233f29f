/**
 * Escape untrusted text: keys, bindings, environments, values.
 *
 * A Worker's visitor or a repository chooses them, and they must be plain text. What the
 * server sends is escaped by kvlens/visible.py and kvlens/lsp/markdown.py, with the same tables.
 */

const JOINER = '\u2060'; // zero-width

// C0, DEL, C1, text direction marks, line separators, zero-width characters. A joiner
// between "]" or "$" and "(" is ours; those of emoji and of some scripts stay between their parts.
const STEERING =
    /[\u0000-\u001f\u007f-\u009f\u00ad\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2061-\u206f\ufeff\u{d800}-\u{dfff}\u{e0000}-\u{e007f}]|(?<![^\x00-\x7f\u2000-\u206f])[\u200c\u200d]|[\u200c\u200d](?![^\x00-\x7f\u2000-\u206f])|(?<![\]$])\u2060|\u2060(?!\()/gu;
const NAMED: Record<string, string> = { '\t': '\\t', '\n': '\\n' };

/** Return text as one line, with control characters and invisible characters escaped. */
export function oneLine(text: string): string {
    return text.replace(STEERING, escaped);
}

/**
 * Return a name in which backslashes are doubled, and combining marks escaped if they are not the
 * normal form: an escape of another name can't look the same.
 */
export function distinct(name: string): string {
    const plain = name.replaceAll('\\', '\\\\');
    return plain === plain.normalize('NFC') ? plain : plain.replace(/\p{M}/gu, escaped);
}

/** Return a one-line message in which no name becomes a link, as `[text](command:…)` would. */
export function notice(text: string): string {
    return oneLine(text).replaceAll('](', `]${JOINER}(`);
}

/** Return text for lists, prompts or the status bar, where `$(name)` would also become an icon. */
export function label(text: string): string {
    return notice(text).replace(/\\?\$\([a-z0-9-]+(~[a-z]+)?\)/gi, (icon) => `\\${icon}`);
}

/** Return text for a paragraph of Markdown, with Markdown and HTML escaped. */
export function inline(text: string): string {
    return oneLine(text)
        .replace(/[!-/:-@[-`{-~]/g, '\\$&')
        .replace(/ (?= )/g, '\u00a0');
}

/** Return lines of text as a code block in Markdown that the text can't end early. */
export function block(text: string): string {
    const lines = text.replaceAll('\r\n', '\n').split('\n').map(spaced).join('\n');
    const longest = Math.max(2, ...[...lines.matchAll(/`+|~+/g)].map(([run]) => run.length));
    const fence = '`'.repeat(longest + 1);
    return `\n\n${fence}\n${lines}\n${fence}\n`;
}

/** A line of a value: tabs stay, and so do the joiners of emoji and scripts. */
export function spaced(line: string): string {
    return line.replace(STEERING, (one) => (/[\t\u00ad\u200b-\u200f\u2060]/.test(one) ? one : escaped(one)));
}

function escaped(one: string): string {
    const code = one.codePointAt(0) ?? 0;
    const digits = code.toString(16);
    if (code < 0x100) {
        return NAMED[one] ?? `\\x${digits.padStart(2, '0')}`;
    }
    return code < 0x10000 ? `\\u${digits.padStart(4, '0')}` : `\\U${digits.padStart(8, '0')}`;
}
