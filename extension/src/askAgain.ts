/** Ask about something that may change before the answer. */

import * as vscode from 'vscode';
import { isModified } from './server';

const { t } = vscode.l10n;

/** The lines that a repeated question adds. */
export const CHANGED = [t('Something has changed since you were asked.')];

/**
 * Ask what to delete, and delete it; ask once more if that has changed before the answer.
 *
 * A busy Worker would cause the question again and again: the second one says that everything
 * that exists then is deleted, and its answer is final.
 */
export async function askAgainIfChanged<T>(work: (again: string[]) => Promise<T>): Promise<T> {
    try {
        return await work([]);
    } catch (error) {
        if (!isModified(error)) {
            throw error;
        }
        return work([...CHANGED, t('Everything that exists when you answer will be deleted.')]);
    }
}
