import { Image } from '@hubspot/ui-extensions';
import { useText } from '../i18n/useText.ts';

/** The QR code of a linking address, large enough for a phone that looks at this screen. */
export const QrCode = ({ picture, of }: { picture: string; of: string }) => {
  const t = useText('linkage');
  return <Image src={picture} alt={t('qr', { of })} width={200} height={200} />;
};
