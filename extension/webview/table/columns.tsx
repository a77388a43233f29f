/** Which columns are shown. */

import { useState } from 'preact/hooks';
import type { JSX } from 'preact';
import { t } from './host';
import type { TableModel } from './model';

export function Columns({ model }: { model: TableModel }): JSX.Element {
    const [open, setOpen] = useState(false);
    const [field, setField] = useState('');
    const { columns } = model;
    const add = (event: Event): void => {
        event.preventDefault();
        const id = `meta.${field.trim()}`;
        if (field.trim() && !columns.some((one) => one.id === id)) {
            model.setColumns([...columns, { id, width: 120 }]);
        }
        setField('');
    };
    const close = (event: KeyboardEvent): void => {
        if (event.key === 'Escape') {
            setOpen(false);
        }
    };
    return (
        <span class="menu" onKeyDown={close}>
            <button type="button" aria-expanded={open} aria-haspopup="true" onClick={() => setOpen(!open)}>
                {t('Columns')}
            </button>
            {open && (
                <form class="popup" onSubmit={add}>
                    {columns.map((column) => (
                        <label key={column.id}>
                            <input
                                type="checkbox"
                                checked={!column.hidden}
                                disabled={column.id === 'key'}
                                onChange={() =>
                                    model.setColumns(
                                        column.id.startsWith('meta.')
                                            ? columns.filter((one) => one !== column)
                                            : columns.map((one) =>
                                                  one === column ? { ...one, hidden: !one.hidden } : one,
                                              ),
                                    )
                                }
                            />
                            {column.title}
                        </label>
                    ))}
                    <label class="field">
                        {t('Metadata field')}
                        <input
                            value={field}
                            placeholder="user"
                            onInput={(e) => setField(e.currentTarget.value)}
                        />
                    </label>
                    <button type="submit">{t('Add Column')}</button>
                </form>
            )}
        </span>
    );
}
