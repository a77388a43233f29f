/** Questions about something that may change before the answer. */

import { isModified } from './server';

/** The lines that a repeated question adds. */
export const CHANGED = ['Something has changed since you were asked.'];

/** Ask and act; ask again, and say why, if something has changed in between. */
export async function asked<T>(work: (again: string[]) => Promise<T>): Promise<T> {
    for (let again: string[] = []; ; again = CHANGED) {
        try {
            return await work(again);
        } catch (error) {
            if (!isModified(error)) {
                throw error;
            }
        }
    }
}
