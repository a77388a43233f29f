/** Delete keys of one or more namespaces, after confirmation. */

import * as vscode from 'vscode';
import { nameOf } from './address';
import { askAgainIfChanged } from './askAgain';
import { type Parts, where } from './command';
import * as format from './format';
import { keysUnder, refOf } from './keys';
import { type NamespaceRef, reference } from './model';
import * as prompts from './prompts';
import type { Commands } from './protocol';
import { isModified } from './server';
import type { Node } from './tree/nodes';
import { type Done, hasHistory, offerUndo, whyTooLarge } from './undo';

const { t } = vscode.l10n;

type Deleted = Commands['kvlens.delete'][1];

/** Keys to delete from one namespace. */
interface Group {
    space: NamespaceRef;
    keys: string[];
}

/** Delete the keys among the selected rows, and those in selected folders. */
export async function removeKeys(parts: Parts, selection: Node[]): Promise<void> {
    const groups = new Map<string, Group>();
    const taken = new Set<string>();
    for (const node of selection) {
        const refs = node.kind === 'key' ? [refOf(node)] : await keysUnder(parts, node);
        for (const { space, key: name } of refs) {
            const { config, id, binding, environment } = space;
            // Two bindings with the same id have the same keys: delete and count each key once.
            const key = JSON.stringify([config, id, name]);
            if (!taken.has(key)) {
                taken.add(key);
                const place = JSON.stringify([config, environment, binding, id]);
                const group = groups.get(place) ?? { space, keys: [] };
                group.keys.push(name);
                groups.set(place, group);
            }
        }
    }
    if (groups.size) {
        const others = selection.flatMap((node) =>
            node.kind === 'namespace' ? [nameOf(reference(node.project, node.namespace))] : [],
        );
        await removeGroups(parts, [...groups.values()], others);
    }
}

/** Delete keys; `others` are namespaces that were also selected, and stay. */
export async function removeGroups(
    parts: Parts,
    groups: Group[],
    others: string[] = [],
): Promise<void> {
    const left = [...groups];
    const done: Group[] = [];
    const undoable: Done[] = [];
    await askAgainIfChanged(async (again) => {
        const look = ({ space, keys }: Group): Promise<Deleted> =>
            parts.server.ask('kvlens.delete', { ...space, keys, dryRun: true });
        const seen = again.length ? [] : await Promise.all(left.map(look));
        const lines = left.map(({ space, keys }) => {
            const place = t('{0} in {1}', nameOf(space), where(parts, space));
            return total(left) === 1 ? place : `${place}: ${format.some(keys)}`;
        });
        if (!hasHistory()) {
            lines.push(t("You can't undo this."));
        }
        const [tooLarge] = seen.flatMap((one) => one.tooLarge ?? []);
        if (tooLarge) {
            lines.push(whyTooLarge(tooLarge));
        }
        if (others.length) {
            lines.push(
                t(
                    'Not deleted: {0}. "Clear Namespace…" deletes all keys of a namespace.',
                    others.join(', '),
                ),
            );
        }
        await prompts.confirm(
            t('Delete {0} from {1}?', ...described(left)),
            [...lines, ...again],
            t('Delete'),
        );
        for (const [at, { space, keys }] of [...left].entries()) {
            const expected = seen[at]?.digest;
            try {
                const request = { ...space, keys, expected };
                const { action } = await parts.server.ask('kvlens.delete', request);
                undoable.push({ config: space.config, action });
            } catch (error) {
                if (isModified(error)) {
                    throw error;
                }
                const why = format.reason(error);
                throw new Error(
                    t(
                        '{0} Deleted: {1}. Not deleted: {2}.',
                        why,
                        listed(done) || t('nothing'),
                        listed(left),
                    ),
                );
            }
            done.push(...left.splice(0, 1));
        }
    });
    void offerUndo(parts.server, t('Deleted {0} from {1}.', ...described(done)), undoable);
}

function total(groups: Group[]): number {
    return groups.reduce((sum, { keys }) => sum + keys.length, 0);
}

/** Name one key and one namespace, or count several. */
function described(groups: Group[]): [keys: string, namespaces: string] {
    const count = total(groups);
    return [
        count === 1 ? format.some(groups[0].keys) : format.count(count, 'key'),
        groups.length === 1 ? nameOf(groups[0].space) : format.count(groups.length, 'namespace'),
    ];
}

function listed(groups: Group[]): string {
    return groups.map(({ space, keys }) => t('{0} of {1}', format.some(keys), nameOf(space))).join('; ');
}
