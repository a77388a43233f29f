/** Find the language of a value: from its metadata, its key's ending, then its content. */

import { isJson } from './jsonStyle';

/** A language of the editor; `text` is none. */
export type Language = keyof typeof MIME_TYPES;

const MIME_TYPES = {
    json: /^(application|text)\/(x-)?(ld\+)?json5?$|\+json$/,
    html: /^text\/html$|^application\/xhtml\+xml$/,
    css: /^text\/css$/,
    javascript: /^(text|application)\/(x-)?(javascript|ecmascript|typescript)$/,
    markdown: /^text\/(x-)?markdown$/,
    xml: /^(text|application)\/xml$|\+xml$/,
    yaml: /^(text|application)\/(vnd\.)?(x-)?yaml$/,
    text: /^text\/plain$/,
};
const ENDINGS: Record<string, Language> = {
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

/** Names of fields with a content type, in lower case, without "-" and "_". */
const FIELDS = ['contenttype', 'mimetype', 'mediatype', 'mime', 'type', 'format'];
/** Fields of metadata that may have an object with one of these. */
const PARENTS = ['headers', 'httpmetadata'];

/** Return the language of a text; `text` if there is none. */
export function languageOf(key: string, metadata: unknown, text: string): Language {
    const typed = ofMetadata(metadata);
    if (typed) {
        return typed;
    }
    const ending = /\.(\w+)$/.exec(key)?.[1].toLowerCase() ?? '';
    return ENDINGS[ending] ?? (isJson(text) ? 'json' : 'text');
}

/** Return the language of the content type in metadata, if there is one. */
function ofMetadata(metadata: unknown, parents = PARENTS): Language | undefined {
    if (typeof metadata === 'string') {
        return ofType(metadata);
    }
    if (typeof metadata !== 'object' || metadata === null) {
        return undefined;
    }
    const fields = new Map(
        Object.entries(metadata).map(([name, value]) => [name.toLowerCase().replace(/[-_]/g, ''), value]),
    );
    const typed = FIELDS.map((name) => ofType(fields.get(name))).find(Boolean);
    return typed ?? parents.map((name) => ofMetadata(fields.get(name), [])).find(Boolean);
}

function ofType(value: unknown): Language | undefined {
    if (typeof value !== 'string' || value.length > 200) {
        return undefined;
    }
    const type = value.split(';')[0].trim().toLowerCase();
    const languages = Object.keys(MIME_TYPES) as Language[];
    return languages.find((language) => language === type || MIME_TYPES[language].test(type));
}
