/** Delete keys of one namespace or several, after a question. */

import { nameOf } from './address';
import { type Parts, where } from './command';
import * as format from './format';
import { brief } from './messages';
import { type NamespaceRef, reference } from './model';
import * as prompts from './prompts';
import type { KeyNode, Node } from './tree';

/** Return how requests name the namespace of a key. */
export function refOf(node: KeyNode): NamespaceRef {
    return reference(node.parent.project, node.parent.namespace);
}

/** Keys to delete from one namespace. */
interface Group {
    space: NamespaceRef;
    keys: string[];
}

/** Delete the keys among the selected rows. */
export async function removeKeys(parts: Parts, selection: Node[]): Promise<void> {
    const groups = new Map<string, Group>();
    const taken = new Set<string>();
    for (const node of selection) {
        if (node.kind !== 'key') {
            continue;
        }
        const space = refOf(node);
        const { config, id, binding, environment } = space;
        // Two bindings with the same id have the same keys: delete and count each key once.
        const key = JSON.stringify([config, id, node.key.name]);
        if (!taken.has(key)) {
            taken.add(key);
            const place = JSON.stringify([config, environment, binding, id]);
            const group = groups.get(place) ?? { space, keys: [] };
            group.keys.push(node.key.name);
            groups.set(place, group);
        }
    }
    if (groups.size) {
        const others = selection.flatMap((node) =>
            node.kind === 'namespace' ? [nameOf(reference(node.project, node.namespace))] : [],
        );
        await removeGroups(parts, [...groups.values()], others);
    }
}

/** Delete keys; `others` are namespaces that were selected too, and that stay. */
export async function removeGroups(
    parts: Parts,
    groups: Group[],
    others: string[] = [],
): Promise<void> {
    const total = groups.reduce((sum, { keys }) => sum + keys.length, 0);
    const what = total === 1 ? `"${groups[0].keys[0]}"` : format.count(total, 'key');
    const from = groups.length === 1 ? nameOf(groups[0].space) : `${groups.length} namespaces`;
    const lines = groups.map(({ space, keys }) => {
        const names = total === 1 ? '' : `: ${format.some(keys)}`;
        return `${nameOf(space)} in ${where(parts, space)}${names}`;
    });
    lines.push("You can't undo this.");
    if (others.length) {
        lines.push(`${others.join(', ')} stays: "Clear Namespace…" deletes all of its keys.`);
    }
    await prompts.confirm(`Delete ${what} from ${from}?`, lines, 'Delete');
    const done: Group[] = [];
    for (const { space, keys } of groups) {
        try {
            await parts.server.ask('kvlens.delete', { ...space, keys });
        } catch (error) {
            const why = format.reason(error);
            const left = groups.filter((group) => !done.some((one) => one.space === group.space));
            throw new Error(
                `${why} Deleted: ${listed(done) || 'nothing'}. Not deleted: ${listed(left)}.`,
            );
        }
        done.push({ space, keys });
    }
    brief(`Deleted ${what} from ${from}`);
}

function listed(groups: Group[]): string {
    return groups.map(({ space, keys }) => `${format.some(keys)} of ${nameOf(space)}`).join('; ');
}
