/** Prompts of commands: for a project, a namespace, a key, a value. */

import * as vscode from 'vscode';
import { nameOf } from './address';
import { nowIn } from './clock';
import * as format from './format';
import { dialog, input as askFor, item, pick, pickMany } from './messages';
import { type Model, type NamespaceRef, reference, stateOf } from './model';
import type { ConvertConfigParameters, ListedKey, Project, SnapshotInfo, Value } from './protocol';
import type { Server } from './server';
import * as validate from './validate';
import { distinct, label, oneLine } from './visible';

const { t } = vscode.l10n;

const PAGE = 100; // keys in a picker; more on request
const LONGEST_LINE = 10_000; // characters of a value that is edited in a box
const TYPING = 150; // ms without typing before the list is requested

type Language = ConvertConfigParameters['to'];
const LANGUAGES: [Language, string][] = [
    ['jsonc', 'JSONC'],
    ['toml', 'TOML'],
    ['ts', 'cloudflare.config.ts'],
];

/** The user dismissed a prompt: the command ends silently. */
export class Dismissed extends Error {}

/** There is nothing to choose from; the text says why and what to do. */
export class NothingThere extends Error {}

/** The workspace isn't trusted. The text says what that means. */
export class NotTrusted extends Error {}

interface Choice<T> extends vscode.QuickPickItem {
    value: T;
}

async function choose<T>(choices: Choice<T>[], title: string, placeHolder: string): Promise<T> {
    const options = { title, placeHolder, matchOnDescription: true, matchOnDetail: true };
    const chosen = await pick(choices, options);
    if (!chosen) {
        throw new Dismissed();
    }
    return chosen.value;
}

async function ask(options: vscode.InputBoxOptions): Promise<string> {
    const text = await askFor({ ignoreFocusOut: true, ...options });
    if (text === undefined) {
        throw new Dismissed();
    }
    return text;
}

/** Ask for a project; if there is only one, return it. */
export async function project(model: Model, title: string): Promise<Project> {
    await model.ready();
    if (!model.projects.length) {
        throw new NothingThere(
            t('No config of a Worker was found in this workspace, such as wrangler.jsonc, wrangler.toml or cloudflare.config.ts.'),
        );
    }
    if (model.projects.length === 1) {
        return model.projects[0];
    }
    const choices = model.projects.map((one) => ({
        label: one.label,
        description: stateOf(one),
        value: one,
    }));
    return choose(choices, title, t('Which project?'));
}

/** Ask for a namespace; if there is only one, return it. */
export async function namespace(model: Model, title: string): Promise<NamespaceRef> {
    await model.ready();
    const all = model.all();
    if (!all.length) {
        throw new NothingThere(
            model.projects.length
                ? t('The config declares no KV namespaces; "KV Lens: Add Namespace…" adds one.')
                : t('No config of a Worker was found in this workspace, such as wrangler.jsonc, wrangler.toml or cloudflare.config.ts.'),
        );
    }
    return namespaceOf(model.projects, title);
}

/** Ask for a namespace of these projects, which have some; if there is only one, return it. */
export async function namespaceOf(projects: Project[], title: string): Promise<NamespaceRef> {
    const all = projects.flatMap((project) =>
        project.namespaces.map((namespace) => ({ project, namespace })),
    );
    if (!all.length) {
        throw new NothingThere(
            t('The config declares no KV namespaces; "KV Lens: Add Namespace…" adds one.'),
        );
    }
    if (all.length === 1) {
        return reference(all[0].project, all[0].namespace);
    }
    const choices = all.map((one) => ({
        label: one.namespace.binding,
        description: [
            one.namespace.environment === null ? '' : `env.${one.namespace.environment}`,
            typeof one.namespace.keys === 'number' ? format.count(one.namespace.keys, 'key') : '',
        ]
            .filter(Boolean)
            .join(' · '),
        detail: projects.length > 1 ? one.project.label : undefined,
        value: reference(one.project, one.namespace),
    }));
    return choose(choices, title, t('Which namespace?'));
}

/** Ask for a namespace with keys that isn't in any config; if there is only one, return it. */
export async function unclaimed(
    model: Model,
    title: string,
): Promise<{ project: Project; id: string; keys: number }> {
    await model.ready();
    const all = model.projects.flatMap((project) =>
        (project.unclaimed ?? []).map(({ id, keys }) => ({ project, id, keys })),
    );
    if (!all.length) {
        throw new NothingThere(t('Every key of the store is in a namespace that a config declares.'));
    }
    if (all.length === 1) {
        return all[0];
    }
    const choices = all.map((one) => ({
        label: one.id,
        description: format.count(one.keys, 'key'),
        detail: model.projects.length > 1 ? one.project.label : undefined,
        value: one,
    }));
    return choose(choices, title, t('Which keys?'));
}

interface KeyItem extends vscode.QuickPickItem {
    key?: string;
    more?: boolean;
}

/** Ask for a key: the typed text is the prefix of the list, which is loaded page by page. */
export function key(server: Server, space: NamespaceRef, title: string): Promise<string> {
    const picker = vscode.window.createQuickPick<KeyItem>();
    picker.title = oneLine(`${title}: ${nameOf(space)}`);
    picker.ignoreFocusOut = true;
    picker.placeholder = t('Type the beginning of a key');
    return new Promise((resolve, reject) => {
        let keys: ListedKey[] = [];
        let cursor: string | undefined;
        let round = 0;
        let timer: NodeJS.Timeout | undefined;
        const load = async (): Promise<void> => {
            const mine = ++round;
            const first = cursor === undefined;
            picker.busy = true;
            try {
                const query = { ...space, prefix: picker.value, limit: PAGE, cursor };
                const page = await server.ask('kvlens.list', query);
                if (mine !== round) {
                    return; // something else was typed meanwhile
                }
                const before = first ? 0 : keys.length;
                keys = first ? page.keys : [...keys, ...page.keys];
                cursor = page.list_complete ? undefined : (page.cursor ?? undefined);
                picker.items = items(keys, cursor !== undefined, picker.value, space);
                picker.activeItems = picker.items.slice(before, before + 1);
                picker.busy = false;
            } catch (error) {
                if (mine === round) {
                    reject(error);
                    picker.hide();
                }
            }
        };
        picker.onDidChangeValue(() => {
            clearTimeout(timer);
            cursor = undefined;
            round += 1;
            timer = setTimeout(() => void load(), TYPING);
        });
        picker.onDidAccept(() => {
            const [item] = picker.selectedItems;
            if (item?.key !== undefined) {
                resolve(item.key);
                picker.hide();
            } else if (item?.more) {
                void load();
            }
        });
        picker.onDidHide(() => {
            clearTimeout(timer);
            round += 1;
            picker.dispose();
            reject(new Dismissed());
        });
        picker.show();
        void load();
    });
}

function items(keys: ListedKey[], more: boolean, typed: string, space: NamespaceRef): KeyItem[] {
    if (!keys.length) {
        const label = typed
            ? t('No key begins with "{0}"', typed)
            : t('No keys yet in {0}: seed from a file or put a key', nameOf(space));
        return [item({ label, alwaysShow: true })];
    }
    const rows: KeyItem[] = keys.map((one) => item({
        label: distinct(one.name),
        description: [
            one.damaged ? t('Damaged') : '',
            one.metadata === undefined || one.metadata === null
                ? ''
                : format.oneLine(one.metadata, 60),
            one.expiration ? t('expires {0}', format.until(one.expiration, nowIn(space.config))) : '',
        ]
            .filter(Boolean)
            .join(' · '),
        alwaysShow: true, // the server has done the filtering
        key: one.name,
    }));
    if (more) {
        const description = t('{0} shown', keys.length.toLocaleString('en'));
        rows.push({ label: `$(ellipsis) ${t('Load more…')}`, description, alwaysShow: true, more: true });
    }
    return rows;
}

/** The key that "Put Key" writes. */
export interface Put {
    key: string;
    text?: string;
    base64?: string;
    metadata?: unknown;
    expiration?: number;
    expirationTtl?: number;
    keep?: boolean;
    expected: string;
}

/**
 * Ask for the arguments of a put: a name, a value, and optionally metadata and expiration.
 *
 * `before` has the previous answers, if they couldn't be put; `key` is the name, if it is known.
 */
export async function put(
    space: NamespaceRef,
    readFile: (uri: vscode.Uri) => Promise<{ text: string } | { base64: string }>,
    look: (key: string) => Promise<Value | null>,
    before?: Put,
    key?: string,
): Promise<Put> {
    const title = t('Put Key: {0}', nameOf(space));
    const isGiven = key !== undefined && !before && !validate.keyProblem(key);
    const name = isGiven
        ? key
        : await ask({
              title,
              value: before?.key ?? key,
              prompt: t('Name of the key'),
              placeHolder: 'users/1',
              validateInput: validate.keyProblem,
          });
    const present = await look(name);
    const line = isGiven && isLine(present?.text) ? present?.text : undefined;
    const warning = present && replacing(name, space, present);
    const value =
        before?.base64 === undefined
            ? await valueOf(title, name, readFile, warning, before?.text ?? line)
            : { base64: before.base64 };
    const metadata = present?.metadata ?? undefined;
    const expiration = present?.expiration ?? undefined;
    const now = nowIn(space.config);
    const kept = (what: string): string => t('{0}, kept unless you select this', what);
    const extras = await pickMany(
        [
            {
                label: t('Metadata'),
                description:
                    metadata === undefined
                        ? t('a JSON value stored with it')
                        : kept(format.oneLine(metadata, 40)),
                value: 'metadata',
            },
            {
                label: t('Expiry'),
                description:
                    expiration === undefined
                        ? t('a duration or a date')
                        : kept(format.until(expiration, now)),
                value: 'expiry',
            },
        ],
        {
            title,
            placeHolder: present
                ? t('Select what else to change, then press Enter to save')
                : t('Select extras, then press Enter to save'),
        },
    );
    if (!extras) {
        throw new Dismissed();
    }
    const result: Put = { key: name, ...value, expected: present?.digest ?? '' };
    if (present && !extras.length) {
        return { ...result, keep: true };
    }
    Object.assign(result, { metadata, expiration });
    if (extras.some((extra) => extra.value === 'metadata')) {
        const text = await ask({
            title,
            prompt: present ? t('Metadata, as JSON; empty for none') : t('Metadata, as JSON'),
            placeHolder: '{"role": "admin"}',
            value: JSON.stringify(before?.metadata ?? metadata) ?? '',
            validateInput: (typed) =>
                present && !typed ? undefined : validate.metadataProblem(typed),
        });
        result.metadata = text ? JSON.parse(text) : undefined;
    }
    if (extras.some((extra) => extra.value === 'expiry')) {
        const text = await ask({
            title,
            prompt: present
                ? t('Expires after (90s, 10m, 2h, 7d) or at (2030-01-31T12:00); empty for none')
                : t('Expires after (90s, 10m, 2h, 7d) or at (2030-01-31T12:00)'),
            placeHolder: '1h',
            validateInput: (typed) => {
                const parsed = validate.parseExpiry(typed, now);
                return 'problem' in parsed && (typed || !present) ? parsed.problem : undefined;
            },
        });
        result.expiration = undefined;
        Object.assign(result, text ? validate.parseExpiry(text, now) : {});
    }
    return result;
}

/** Whether a box of one line can show a text without changing it. */
function isLine(text = '\n'): boolean {
    return text.length <= LONGEST_LINE && !/[\r\n]/.test(text);
}

/** Describe an existing key and its data. */
function replacing(name: string, space: NamespaceRef, present: Value): string {
    const facts = [format.size(present.size)];
    if (present.metadata !== undefined && present.metadata !== null) {
        facts.push(t('metadata {0}', format.oneLine(present.metadata, 40)));
    }
    if (present.expiration) {
        facts.push(t('expires {0}', format.until(present.expiration, nowIn(space.config))));
    }
    return t('"{0}" exists in {1} ({2}). Type its new value.', name, nameOf(space), facts.join(', '));
}

/** Ask for a value: typed, or (by the button) the content of a file. */
function valueOf(
    title: string,
    name: string,
    readFile: (uri: vscode.Uri) => Promise<{ text: string } | { base64: string }>,
    warning: string | null,
    typed = '',
): Promise<{ text: string } | { base64: string }> {
    const input = vscode.window.createInputBox();
    const tooltip = t('Use the content of a file');
    const fromFile = { iconPath: new vscode.ThemeIcon('file'), tooltip };
    input.title = oneLine(title);
    input.value = typed;
    input.prompt = label(
        t('Value of "{0}"; it may be empty. To use a file, select the button above.', name),
    );
    if (warning) {
        const severity = vscode.InputBoxValidationSeverity.Warning;
        input.validationMessage = { message: label(warning), severity };
    }
    input.ignoreFocusOut = true;
    input.buttons = [fromFile];
    return new Promise((resolve, reject) => {
        let takingFile = false;
        input.onDidAccept(() => {
            resolve({ text: input.value });
            input.hide();
        });
        input.onDidTriggerButton(async () => {
            takingFile = true;
            input.hide();
            const label = t('Use as value');
            const files = await vscode.window.showOpenDialog({ title, openLabel: label });
            if (files?.length) {
                resolve(readFile(files[0]));
            } else {
                reject(new Dismissed());
            }
        });
        input.onDidHide(() => {
            input.dispose();
            if (!takingFile) {
                reject(new Dismissed());
            }
        });
        input.show();
    });
}

/** Ask before something is lost. */
export async function confirm(
    question: string,
    detail: string | string[],
    action: string,
): Promise<void> {
    if ((await dialog(question, [detail].flat(), action)) !== action) {
        throw new Dismissed();
    }
}

/** Ask what to do with keys that a namespace has with other content. */
export async function existing(
    space: NamespaceRef,
    lines: string[],
    conflicts: number,
    keep: string,
): Promise<'keep' | 'overwrite'> {
    const question = t('{0} has {1} with other content.', nameOf(space), format.count(conflicts, 'key'));
    const overwrite = t('Overwrite');
    const chosen = await dialog(question, lines, overwrite, keep);
    if (chosen === undefined) {
        throw new Dismissed();
    }
    return chosen === overwrite ? 'overwrite' : 'keep';
}

/** Ask for the name of a new snapshot. */
export function snapshotName(title: string): Promise<string> {
    return ask({
        title,
        prompt: t('Name of the snapshot, which saves all namespaces of the project'),
        placeHolder: 'before-migration',
        validateInput: validate.snapshotProblem,
    });
}

/** Ask for one of the snapshots, newest first. */
export function snapshot(present: SnapshotInfo[], title: string): Promise<string> {
    if (!present.length) {
        throw new NothingThere(t('There are no snapshots yet; "KV Lens: Save Snapshot…" creates one.'));
    }
    const choices = present.slice().reverse().map((one) => ({
        label: one.name,
        description: `${format.count(one.keys, 'key')}, ${format.size(one.size)}`,
        detail: format.moment(one.created),
        value: one.name,
    }));
    return choose(choices, title, t('Which snapshot?'));
}

/** Ask for an environment of a project that has some; null is the top level. */
export async function environment(one: Project, title: string): Promise<string | null> {
    const names = new Set(one.namespaces.map((space) => space.environment));
    const others = [...names].filter((name) => name !== null);
    if (!others.length) {
        return null;
    }
    const choices = [null, ...others].map((name) => ({
        label: name ?? t('Top level'),
        description: name === null ? t('used if no environment is selected') : `env.${name}`,
        value: name,
    }));
    return choose(choices, title, t('In which environment?'));
}

/** Ask for the language that a config is converted to; its own isn't offered. */
export function language(config: string): Promise<Language> {
    const own = config.endsWith('.json') ? '' : config.replace(/^.*\.(?:m?[jt]s$)?/, '') || 'ts';
    const choices = LANGUAGES.filter(([value]) => value !== own).map(([value, label]) => ({
        label,
        description: value === 'jsonc' ? t('JSON with comments') : '',
        value,
    }));
    return choose(choices, t('Convert {0}', config), t('To which language?'));
}

/** Ask for the environment and the binding of a new namespace. */
export async function newNamespace(
    model: Model,
    chosen: Project | undefined,
): Promise<{ config: string; environment: string | null; binding: string }> {
    const title = t('Add Namespace');
    const one = chosen ?? (await project(model, title));
    const where = await environment(one, title);
    const taken = one.namespaces
        .filter((space) => space.environment === where)
        .map((space) => space.binding);
    const binding = await ask({
        title,
        prompt: t('Name of the binding: the Worker uses it as env.NAME'),
        placeHolder: 'MY_KV',
        validateInput: (typed) => validate.bindingProblem(typed, taken),
    });
    return { config: one.config, environment: where, binding };
}
