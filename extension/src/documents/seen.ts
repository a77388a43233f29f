/** What the editor knows about a value. */

import type * as vscode from 'vscode';
import type { JsonStyle } from '../jsonStyle';
import type { Origin } from './origin';
import type { Version } from './version';

/** A text as the editor got it. */
export interface Read {
    text: string;
    mtime: number;
    size: number;
}

/** A save that the editor has announced. */
export interface Asked {
    text: string;
    at: number;
    /** Whether the user's settings requested it, not the user. */
    byItself: boolean;
}

/** What the editor knows about a value. */
export interface Seen extends Origin {
    uri: vscode.Uri;
    last?: Version;
    /** Whether its store takes no changes. */
    readOnly?: boolean;
    /** Where the last value was read; the shown one may be from elsewhere. */
    lastOrigin?: Origin;
    /** The digest of the value that the editor shows. */
    shown?: string;
    /** What was last read for the editor, or written from it. */
    read?: Read;
    /** What the text in the editor comes from. */
    base?: Read;
    /** The save that the editor is about to do. */
    asked?: Asked;
    /** The stored value that the user compares with the text in the editor, and saves since. */
    compared?: { digest: string; saves: number };
    /** The digest of that value, once the user saves: it may be overwritten. */
    settled?: string;
    /** How the value is stored if the editor shows it with a line for each item. */
    style?: JsonStyle;
    /** The byte order marks that the editor has read, but doesn't show. */
    marks?: number;
    /** The digests that the editor got from its checks, newest last, and when it first got them. */
    looks: { digest: string; since: number }[];
    /** The last write, for a moment. */
    written?: { version: Version; at: number; looked: boolean };
    gone?: boolean;
}
