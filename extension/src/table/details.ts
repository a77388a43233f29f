/** The details of a row: its value in all of its forms, as it is staged or else stored. */

import { bytesOf } from '../contents';
import { formsOf } from '../decode';
import type { Server } from '../server';
import { PART } from '../values';
import type { TableDocument } from './document';
import type { Details, RowRef } from './messages';

/** Read the details of a row; null if there is no such key now. */
export async function detailsOf(
    server: Server,
    document: TableDocument,
    row: RowRef,
    start: number,
): Promise<Details | null> {
    const { staged, namespace } = document;
    const id = staged.idOf(row);
    const isStaged = id !== undefined && staged.isChanged(id);
    const content = isStaged ? staged.contentOf(id) : undefined; // else as in the store now
    const key = 'key' in row ? row.key : id && staged.storedOf(id)?.name;
    const value =
        content?.value || key === undefined
            ? null
            : await server.ask('kvlens.get', { ...namespace, key, start, limit: PART });
    if (!value && !content?.value) {
        return null;
    }
    if (value) {
        document.readOnly = value.readOnly ?? false;
    }
    const bytes = bytesOf(value ?? content?.value ?? {});
    return {
        row,
        name: content?.name ?? key ?? '',
        size: value?.size ?? bytes.length,
        start: value?.start ?? 0,
        end: value?.end ?? bytes.length,
        forms: formsOf(bytes, {
            kind: value?.type ?? '',
            isPart: start > 0 || value?.truncated === true,
        }),
        metadata: (content ? content.metadata : value?.metadataText) ?? null,
        expiration: (content ? content.expiration : value?.expiration) ?? null,
        staged: isStaged,
    };
}
