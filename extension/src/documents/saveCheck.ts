/** Refuse to write bytes other than those of the text that the user sees. */

import * as vscode from 'vscode';
import { placeOf } from '../address';
import { decode, marksOf } from '../contents';
import { fault } from '../messages';
import { documentOf } from '../openDocuments';
import type { Asked, Seen } from './seen';

const { t } = vscode.l10n;

const SAVING = 5000; // ms from a requested save to its write, at most

/** Throw an error unless the content is the text of the document, or of `source` in "Save As…". */
export function checkSave(seen: Seen, content: Uint8Array, asked?: Asked, source?: Seen): void {
    const { uri, last, marks } = seen;
    const { key, view } = placeOf(uri);
    const refuse: (why: string) => never = (why) => {
        throw fault('NoPermissions', t('"{0}" was not saved: {1}', key, why));
    };
    if (source?.last && source.last.form !== 'text') {
        const { key } = placeOf(source.uri);
        refuse(t('"{0}" is shown as text, and its bytes would change.', key));
    }
    if (view === 'raw' || (last && last.form !== 'text')) {
        const mixed = last?.form === 'mixed';
        refuse(mixed ? t('its line endings would change.') : t("it isn't UTF-8 text."));
    }
    const document = documentOf(uri);
    if (!document) {
        return;
    }
    const current = asked && Date.now() < asked.at + SAVING;
    const shown = current ? asked.text : document.getText();
    if (/\p{Surrogate}/u.test(shown)) {
        refuse(t("it has half of a character (a lone surrogate), which UTF-8 can't represent."));
    }
    const text = decode(content);
    const hidden = marksOf(text) - marksOf(shown);
    if (text === undefined || (marks !== undefined && marks !== hidden)) {
        refuse(
            t(
                'the selected encoding would change its bytes. Select "{0}" in the status bar.',
                marks ? 'UTF-8 with BOM' : 'UTF-8',
            ),
        );
    }
    if (text.slice(hidden) !== shown) {
        refuse(
            current
                ? t(
                      "its text changed while it was being saved. Undo the changes that you didn't " +
                          'type, and use "File: Save without Formatting".',
                  )
                : t(
                      'the editor would save different text than it shows. Select the encoding ' +
                          '"UTF-8", or save again.',
                  ),
        );
    }
}
